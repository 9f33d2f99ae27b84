#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "common/base/result.h"
#include "worker/engine/engine.h"

namespace parley {

struct WorkerOptions {
    std::string socket;  // path of the Unix socket that controllers connect to
    uint16_t port = 0;   // of every listen address; 0: any free one
    bool tcp = true;     // on the same port
    engine::Options engine;
};

std::string_view usage_text();

// Help was asked for, and nothing else is to be done.
struct HelpWanted {};

// Reads the command line, without the program's name. The error names the flag and what it takes.
base::Result<std::variant<WorkerOptions, HelpWanted>, std::string> parse_options(
    std::span<const std::string_view> arguments);

}  // namespace parley
