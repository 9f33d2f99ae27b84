#pragma once

#include <vector>

#include "common/web/metric_families.h"
#include "controller/core.h"

namespace parley::controller::api {

// What workers say of themselves. Labels: a worker's index, a drop's name, and which way a stream
// goes: received from peers, or sent to them.
void add_workers(web::Families& families, const std::vector<WorkerInfo>& workers, double load_most);

}  // namespace parley::controller::api
