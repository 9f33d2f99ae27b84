#include "controller/api/metrics.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::controller;
using namespace parley::controller::api;

namespace {

std::string metrics_of(test::ModelServer& server, const EdgeCounts& counts = {}) {
    return metrics_text(server.now, server.core(), counts);
}

// How many series the text has: its lines that are no comments.
size_t series(const std::string& text) {
    std::istringstream lines(text);
    size_t count = 0;
    for (std::string line; std::getline(lines, line);) count += !line.empty() && line[0] != '#';
    return count;
}

bool has(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("rooms and peers make no series of their own, however many there are") {
    test::ModelServer server;
    server.start();
    server.enter("first-room", "first-peer");
    const size_t before = series(metrics_of(server));
    for (int i = 0; i < 50; ++i) {
        server.enter("room-" + std::to_string(i % 10), "peer-" + std::to_string(i));
    }
    const std::string text = metrics_of(server);
    CHECK(series(text) == before);
    CHECK(text.find("room-3") == text.npos);
    CHECK(text.find("peer-3") == text.npos);
    CHECK(has(text, "parley_rooms 11"));
    CHECK(has(text, "parley_peers_joined 51"));
    CHECK(has(text, "parley_joins_total 51"));
    CHECK(has(text, "parley_join_seconds_count 51"));
    CHECK(has(text, R"(parley_joins_refused_total{reason="capacity"} 0)"));
}

TEST_CASE("what a worker has left is what it may carry less what it does") {
    controller::Options options;
    options.worker_load_most = 0.85;
    test::ModelServer server(options);
    server.start();
    server.burn({0.5});
    const std::string text = metrics_of(server);
    const auto value = [&](const std::string& name) {
        const size_t at = text.find("\n" + name + " ");
        REQUIRE(at != text.npos);
        return std::stod(text.substr(at + name.size() + 2));
    };
    const double load = value(R"(parley_worker_load_ratio{worker="0"})");
    CHECK(load > 0.3);
    CHECK(value(R"(parley_worker_free_ratio{worker="0"})") == doctest::Approx(0.85 - load));
    CHECK(value("parley_capacity_free_cores") == doctest::Approx(0.85 - load));
}

TEST_CASE("what there is only among servers is told only there") {
    test::ModelServer server;
    server.start();
    CHECK(metrics_of(server).find("parley_broker_up") == std::string::npos);
    EdgeCounts counts;
    counts.version = "1.2.3";
    counts.process = {base::Instant::from_micros(1'500'000), 2'500'000'000, 4096};
    counts.cluster = ClusterCounts{.server = "s-1", .region = "eu", .state = "draining"};
    counts.cluster->broker.up = true;
    counts.cluster->broker.dropped_full = 3;
    counts.cluster->links_in = 2;
    counts.cluster->loans_lent = 1;
    counts.events["peer.joined"] = 4;
    counts.closings[4429] = 5;
    const std::string text = metrics_of(server, counts);
    for (const char* line :
         {R"(parley_build_info{program="controller",version="1.2.3"} 1)",
          "process_start_time_seconds 1.5", "process_cpu_seconds_total 2.5",
          "process_resident_memory_bytes 4096", R"(parley_server_info{server="s-1",region="eu"} 1)",
          R"(parley_server_state{state="draining"} 1)", R"(parley_server_state{state="up"} 0)",
          "parley_broker_up 1", R"(parley_broker_dropped_total{reason="full"} 3)",
          R"(parley_links{to="here"} 2)", "parley_loans_lent 1",
          R"(parley_events_total{type="peer.joined"} 4)",
          R"(parley_signalling_closed_total{code="4429"} 5)"}) {
        CAPTURE(line);
        CHECK(has(text, line));
    }
}
