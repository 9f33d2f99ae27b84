#include "router-service/deletion_cost.h"

#include <doctest/doctest.h>

#include "tests/unit/router_service/beats.h"

namespace parley::router_service {
namespace {

using cluster::ServerState;
using test::beat_of;
using test::kStart;

void beat(Picture& picture, const char* id, uint64_t number, uint32_t people,
          ServerState state = ServerState::Up, bool leaving = false) {
    auto one = beat_of(id, number);
    one.whole = true;
    one.load.peers = people;
    one.state = state;
    one.leaving = leaving;
    picture.on_beat(kStart, one);
}

TEST_CASE("an emptied server is the first to lose, then one that drains, then the emptiest") {
    Picture picture(1);
    beat(picture, "busy", 1, 300);
    beat(picture, "calm", 1, 3);
    beat(picture, "draining", 1, 500, ServerState::Draining);
    beat(picture, "empty", 1, 0, ServerState::Drained);
    beat(picture, "leaving", 1, 0, ServerState::Drained, true);
    DeletionCosts costs;
    std::map<int32_t, std::string> order;
    for (const auto& change : costs.on_sample(kStart, picture, 10)) {
        order[change.cost] = change.server;
    }
    std::vector<std::string> ids;
    for (const auto& [cost, id] : order) ids.push_back(id);
    CHECK(ids == std::vector<std::string>{"empty", "draining", "calm", "busy"});
}

TEST_CASE("only what may change an order is told, and not often") {
    Picture picture(1);
    beat(picture, "a", 1, 100);
    DeletionCosts costs;
    REQUIRE(costs.on_sample(kStart, picture, 10).size() == 1);
    CHECK(costs.on_sample(kStart, picture, 10).empty());  // it is on its way
    costs.on_told(kStart, "a", 100, true);
    beat(picture, "a", 2, 108);
    CHECK(costs.on_sample(kStart + 31s, picture, 10).empty());
    beat(picture, "a", 3, 111);
    CHECK(costs.on_sample(kStart + 29s, picture, 10).empty());
    CHECK(costs.on_sample(kStart + 31s, picture, 10).size() == 1);
    costs.on_told(kStart + 31s, "a", 111, false);  // nobody took it: again, later
    CHECK(costs.on_sample(kStart + 60s, picture, 10).empty());
    CHECK(costs.on_sample(kStart + 61s, picture, 10).size() == 1);
}

TEST_CASE("a cost is told to the pod that is called as the server is") {
    const CostPatch patch = cost_patch("parley", {"parley-controller-7d9f-x2x7k", -2'000'000'000});
    CHECK(patch.path == "/api/v1/namespaces/parley/pods/parley-controller-7d9f-x2x7k");
    CHECK(patch.body == R"({"metadata":{"annotations":)"
                        R"({"controller.kubernetes.io/pod-deletion-cost":"-2000000000"}}})");
}

TEST_CASE("no more than so many are told at once, and the others next") {
    Picture picture(1);
    for (const char* id : {"a", "b", "c"}) beat(picture, id, 1, 1);
    DeletionCosts costs;
    CHECK(costs.on_sample(kStart, picture, 2).size() == 2);
    CHECK(costs.on_sample(kStart, picture, 2).size() == 1);
}

}  // namespace
}  // namespace parley::router_service
