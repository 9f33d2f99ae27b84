#include "router-service/decisions.h"

#include <doctest/doctest.h>

namespace parley::router_service {
namespace {

TEST_CASE("the latest decisions are remembered, and the oldest go") {
    Decisions decisions(3);
    for (uint64_t room = 1; room <= 4; ++room) decisions.record(room, {.epoch = room});
    CHECK_FALSE(decisions.find(1));
    for (uint64_t room = 2; room <= 4; ++room) {
        REQUIRE(decisions.find(room));
        CHECK(decisions.find(room)->epoch == room);
    }
    CHECK(decisions.size() == 3);
}

TEST_CASE("of two decisions about one room the later one is remembered") {
    Decisions decisions(3);
    decisions.record(1, {.epoch = 1});
    decisions.record(1, {.epoch = 2});
    decisions.record(2, {.epoch = 3});
    CHECK(decisions.find(1)->epoch == 2);

    // The place of the earlier one is taken over; the later one stays.
    decisions.record(3, {.epoch = 4});
    CHECK(decisions.find(1)->epoch == 2);
    decisions.record(4, {.epoch = 5});
    CHECK_FALSE(decisions.find(1));
}

}  // namespace
}  // namespace parley::router_service
