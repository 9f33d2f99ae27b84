#include "worker/options.h"

#include <doctest/doctest.h>

#include <vector>

using namespace parley;

namespace {

auto parse(const std::vector<std::string_view>& arguments) {
    return parse_options(arguments);
}

}  // namespace

TEST_CASE("a worker is told where to listen and who it is") {
    const auto parsed = parse({"--socket", "/run/w0.sock", "--id", "w0", "--port", "40000",
                               "--listen", "10.0.0.1=198.51.100.7", "--listen", "::1",
                               "--orphan-timeout", "7"});
    REQUIRE(parsed.ok());
    const auto& options = std::get<WorkerOptions>(*parsed);
    CHECK(options.socket == "/run/w0.sock");
    CHECK(options.port == 40000);
    REQUIRE(options.engine.listens.size() == 2);
    CHECK(options.engine.listens[0].announced == "198.51.100.7");
    CHECK(options.engine.listens[1].announced.empty());
    CHECK(options.engine.orphan_timeout == 7s);
    CHECK(options.tcp);
}

TEST_CASE("media over TCP can be switched off") {
    const auto parsed = parse({"--socket", "w", "--listen", "::1", "--tcp", "off"});
    REQUIRE(parsed.ok());
    CHECK_FALSE(std::get<WorkerOptions>(*parsed).tcp);
}

TEST_CASE("a wrong flag or value says which, and what it takes") {
    const auto error = [](const std::vector<std::string_view>& arguments) {
        const auto parsed = parse(arguments);
        return parsed.ok() ? std::string("taken") : parsed.error();
    };
    CHECK(error({"--port", "70000"}) == "--port 70000: a port, 0 to 65535");
    CHECK(error({"--listen", "localhost"}) == "--listen localhost: IP or IP=ANNOUNCED");
    CHECK(error({"--orphan-timeout", "soon"}) == "--orphan-timeout soon: seconds, 0 to 86400");
    CHECK(error({"--tcp", "maybe"}) == "--tcp maybe: on or off");
    CHECK(error({"--colour", "red"}) == "--colour red: no such flag; see --help");
    CHECK(error({"--socket"}) == "--socket: a value is missing");
    CHECK(error({"--listen", "::1"}) == "--socket PATH is missing");
    CHECK(error({"--socket", "x"}) == "--listen IP is missing");
}
