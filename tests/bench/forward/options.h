#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tests/bench/forward/worker_process.h"

namespace parley::bench {

struct Options {
    WorkerFiles files;
    bool json = false;
    bool check = false;
    bool quick = false;
    bool help = false;
    std::string only;  // "": every case
};

// Throws Failure for a flag that means nothing.
Options parse_options(std::span<const std::string_view> arguments);

std::string_view usage_text();

}  // namespace parley::bench
