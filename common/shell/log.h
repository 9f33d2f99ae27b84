#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace spdlog {
class logger;
}

namespace parley::shell {

enum class LogLevel : uint8_t { Debug, Info, Warning, Error };
enum class LogFormat : uint8_t { Text, Json };

// What a line concerns: {"room", "standup"}.
using LogField = std::pair<std::string_view, std::string>;

// Lines on standard error, each with its time (UTC), level, text and fields. Whatever a stranger
// put into a text or a field, a line stays one line and valid: control characters are escaped.
class Logger {
public:
    Logger(LogFormat format, LogLevel least);
    ~Logger();

    void write(LogLevel level, std::string_view text, std::span<const LogField> fields = {});

private:
    LogFormat format_;
    std::unique_ptr<spdlog::logger> lines_;
};

// What follows time and level: `text room=standup name="Ada L"`, or the members of a JSON object
// from "text" on.
std::string log_body(LogFormat format, std::string_view text, std::span<const LogField> fields);

}  // namespace parley::shell
