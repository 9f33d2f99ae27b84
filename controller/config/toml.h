#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace parley::controller {

struct FileEntry {
    std::string key;
    std::vector<std::string> values;  // several when the file has an array
    int line = 0;                     // of the key
};

struct FileError {
    int line = 0;
    std::string reason;
};

// Reads the part of TOML 1.0 that a flat configuration needs: `key = value` with basic and
// literal strings, whole numbers, booleans and arrays of them; comments. No tables, no dates. A
// key given twice is an error, as TOML has it.
base::Result<std::vector<FileEntry>, FileError> parse_toml(std::string_view text);

// `text` as a basic string, quotes and escapes included.
std::string toml_string(std::string_view text);

}  // namespace parley::controller
