#include "common/shell/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>

namespace parley::shell {

namespace {

spdlog::level::level_enum level_of(LogLevel level) {
    switch (level) {
        case LogLevel::Debug: return spdlog::level::debug;
        case LogLevel::Info: return spdlog::level::info;
        case LogLevel::Warning: return spdlog::level::warn;
        case LogLevel::Error: return spdlog::level::err;
    }
    return spdlog::level::err;
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// The inside of a JSON string, which is fit for a quoted text as well.
std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            safe += {'\\', c};
        } else if (is_control(c)) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
            safe += escape;
        } else {
            safe += c;
        }
    }
    return safe;
}

std::string text_value(const std::string& value) {
    const std::string safe = escaped(value);
    const bool bare = !value.empty() && safe == value && value.find(' ') == value.npos;
    return bare ? value : "\"" + safe + "\"";
}

// A text is for people: only what would break the line is escaped.
std::string one_line(std::string_view text) {
    std::string safe;
    for (const char c : text) safe += is_control(c) ? escaped({&c, 1}) : std::string(1, c);
    return safe;
}

}  // namespace

Logger::Logger(LogFormat format, LogLevel least)
    : format_(format),
      lines_(std::make_unique<spdlog::logger>(
          "parley", std::make_shared<spdlog::sinks::stderr_color_sink_st>())) {
    const char* pattern = format == LogFormat::Json
                              ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                              : "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v";
    lines_->set_formatter(
        std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
    lines_->set_level(level_of(least));
    lines_->flush_on(spdlog::level::debug);
}

Logger::~Logger() = default;

void Logger::write(LogLevel level, std::string_view text, std::span<const LogField> fields) {
    if (!lines_->should_log(level_of(level))) return;
    lines_->log(level_of(level), spdlog::string_view_t(log_body(format_, text, fields)));
}

std::string log_body(LogFormat format, std::string_view text, std::span<const LogField> fields) {
    const bool json = format == LogFormat::Json;
    std::string body = json ? "\"text\":\"" + escaped(text) + "\"" : one_line(text);
    for (const auto& [name, value] : fields) {
        if (json) {
            body += ",\"" + std::string(name) + "\":\"" + escaped(value) + "\"";
        } else {
            body += " " + std::string(name) + "=" + text_value(value);
        }
    }
    return body;
}

}  // namespace parley::shell
