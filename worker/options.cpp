#include "worker/options.h"

#include <charconv>
#include <optional>
#include <utility>

namespace parley {

namespace {

using Error = std::string;

std::optional<uint32_t> number(std::string_view text, uint32_t max) {
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value > max) {
        return std::nullopt;
    }
    return value;
}

// IP or IP=ANNOUNCED.
std::optional<engine::Listen> listen_of(std::string_view text) {
    const size_t equals = text.find('=');
    const auto address = net::parse_ip(text.substr(0, equals), 0);
    if (!address) return std::nullopt;
    if (equals == std::string_view::npos) return engine::Listen{*address, ""};
    const std::string_view announced = text.substr(equals + 1);
    if (!net::parse_ip(announced, 0)) return std::nullopt;
    return engine::Listen{*address, std::string(announced)};
}

// What is wrong with the value, or nothing when it was taken.
std::optional<std::string_view> take(std::string_view flag, std::string_view value,
                                     WorkerOptions& options) {
    if (flag == "--socket") {
        options.socket = value;
    } else if (flag == "--id") {
        options.engine.worker_id = value;
    } else if (flag == "--port") {
        const auto port = number(value, 65'535);
        if (!port) return "a port, 0 to 65535";
        options.port = static_cast<uint16_t>(*port);
    } else if (flag == "--tcp") {
        if (value != "on" && value != "off") return "on or off";
        options.tcp = value == "on";
    } else if (flag == "--listen") {
        auto listen = listen_of(value);
        if (!listen) return "IP or IP=ANNOUNCED";
        options.engine.listens.push_back(std::move(*listen));
    } else if (flag == "--orphan-timeout") {
        const auto seconds = number(value, 86'400);
        if (!seconds) return "seconds, 0 to 86400";
        options.engine.orphan_timeout = std::chrono::seconds(*seconds);
    } else {
        return "no such flag; see --help";
    }
    return std::nullopt;
}

}  // namespace

std::string_view usage_text() {
    return R"(usage: parley-worker --socket PATH --listen IP[=ANNOUNCED] [flags]

Forwards the media of one core. The controller starts it; nobody needs to do so by hand.

  --socket PATH            Unix socket on which controllers give their commands
  --listen IP[=ANNOUNCED]  where media arrives, and the IP that clients are told for it;
                           may be given several times
  --port N                 UDP and TCP port on every listen address; 0, the default: a free one
  --tcp on|off             whether media may arrive over TCP as well (default on)
  --id NAME                what this worker is called in logs
  --orphan-timeout SECONDS how long it goes on without a controller (default 300)
)";
}

base::Result<std::variant<WorkerOptions, HelpWanted>, std::string> parse_options(
    std::span<const std::string_view> arguments) {
    using Parsed = std::variant<WorkerOptions, HelpWanted>;
    WorkerOptions options;
    for (size_t i = 0; i < arguments.size(); i += 2) {
        const std::string_view flag = arguments[i];
        if (flag == "--help" || flag == "-h") return Parsed(HelpWanted{});
        if (i + 1 == arguments.size()) return base::Err{Error(flag) + ": a value is missing"};
        if (const auto wanted = take(flag, arguments[i + 1], options)) {
            return base::Err{Error(flag) + " " + Error(arguments[i + 1]) + ": " + Error(*wanted)};
        }
    }
    if (options.socket.empty()) return base::Err{Error("--socket PATH is missing")};
    if (options.engine.listens.empty()) return base::Err{Error("--listen IP is missing")};
    if (options.engine.listens.size() > limits::kListens) {
        return base::Err{Error("--listen: more than ") + std::to_string(limits::kListens)};
    }
    return Parsed(std::move(options));
}

}  // namespace parley
