#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "controller/config/config.h"

namespace parley::controller {

// Where a configuration comes from, strongest first: the command line, the environment, a file.
struct Sources {
    std::vector<std::string> arguments = {};              // without the program's name
    std::map<std::string, std::string> environment = {};  // all of it; PARLEY_* is looked at
    std::optional<std::string> file_text = {};            // of the file that config_path() names
};

struct Loaded {
    Config config;
    std::vector<std::string> warnings;  // PARLEY_* variables that mean nothing here
};

// Print this on standard output and exit well: --help and --print-config.
struct Say {
    std::string text;
};

// Every mistake that was found, one line each: the key, the value, what is allowed and where it
// came from.
using Mistakes = std::vector<std::string>;

// The file to read, if one is named by --config or PARLEY_CONFIG. Looks at nothing else.
std::optional<std::string> config_path(const Sources& sources);

// REQUIRES: file_text is there when config_path() names a file.
base::Result<std::variant<Loaded, Say>, Mistakes> load_config(const Sources& sources);

// $XDG_RUNTIME_DIR/parley, else /tmp/parley-UID.
std::string default_run_directory(const std::map<std::string, std::string>& environment,
                                  uint32_t user_id);

}  // namespace parley::controller
