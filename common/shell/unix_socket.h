#pragma once

#include <string>

#include "common/base/result.h"
#include "common/shell/fd.h"

namespace parley::shell {

// Connects to the Unix stream socket at `path`. The errors of both functions name the path.
base::Result<Fd, std::string> connect_unix(const std::string& path);

// Listens at `path` with a file that only this user can open (mode 0600). A socket file that nobody
// answers on, left by a process that died, is replaced; one that somebody answers on is an error,
// and so is a file of another kind.
base::Result<Fd, std::string> listen_unix(const std::string& path);

}  // namespace parley::shell
