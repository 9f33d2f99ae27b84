#pragma once

#include <string>

#include "common/base/result.h"
#include "controller/config/config.h"

namespace parley::controller {

// Who this server is among the others: what was configured, else what its file says, which is
// written at the first start. The error says what is wrong with the file.
base::Result<std::string, std::string> server_id(const Config& config,
                                                 const std::string& run_directory);

}  // namespace parley::controller
