#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controller/config/config.h"

namespace parley::controller {

// One key of the configuration: --KEY, PARLEY_KEY and `KEY = ...` in the file.
struct Setting {
    std::string_view key;
    std::string_view value;    // what stands for it in the help: PORT, DURATION
    std::string_view meaning;  // one sentence
    std::string_view allowed;  // what a value may be, said when one is refused
    bool list = false;         // may be given several times, as an array in the file
    bool secret = false;       // never shown in an error

    // Takes the values over; false when one is not allowed. One value unless `list`.
    bool (*read)(const std::vector<std::string>& values, Config& config) = nullptr;
    std::vector<std::string> (*write)(const Config& config) = nullptr;
};

// In the order in which they are told to people.
std::span<const Setting> settings();

// "rtc-port" -> "PARLEY_RTC_PORT".
std::string environment_name(std::string_view key);

// A file with every key, that read back gives the same configuration. It holds the secrets.
std::string print_config(const Config& config);

// The table of docs/configuration.md, Markdown.
std::string settings_table();

}  // namespace parley::controller
