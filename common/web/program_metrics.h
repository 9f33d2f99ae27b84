#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "common/web/metric_families.h"
#include "common/web/program_numbers.h"

// What every program says of itself, under the same names: an alert or a picture is good for all.
namespace parley::web {

// Under the names that the client libraries of Prometheus give these, and parley_build_info.
void add_process(Families& families, std::string_view program, std::string_view version,
                 const ProcessNumbers& numbers);

void add_broker(Families& families, const BrokerNumbers& numbers);

// Numbers of one family, told apart by one label that has few values.
template <typename Counts>
void add_by(Families& families, const char* name, const char* help, MetricType type,
            const char* label, const Counts& counts) {
    families.open(name, help, type);
    for (const auto& [key, count] : counts) {
        std::string text;
        if constexpr (std::integral<typename Counts::key_type>) {
            text = std::to_string(key);
        } else {
            text = key;
        }
        families.add(static_cast<double>(count), {{label, std::move(text)}});
    }
}

// Answers of an HTTP API, by status: those that the program gives, so there are few.
void add_responses(Families& families, const char* name,
                   const std::map<uint16_t, uint64_t>& responses);

}  // namespace parley::web
