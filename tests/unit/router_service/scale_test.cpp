#include "router-service/scale.h"

#include <doctest/doctest.h>

#include "tests/unit/router_service/beats.h"

namespace parley::router_service {
namespace {

using test::beat_of;
using test::kStart;

// `present` servers of four cores each.
ScaleSample sample(double load, uint32_t present, uint32_t drained = 0) {
    const uint32_t taking = present - drained;
    return {load, 4.0 * taking, taking, present, drained};
}

TEST_CASE("more servers are wanted at once when the head-room is used") {
    Scale scale({.target = 0.5});
    scale.on_sample(kStart, sample(3.9, 2));
    CHECK(scale.signal().wanted == 2);
    scale.on_sample(kStart + 10ms, sample(4.1, 2));
    CHECK(scale.signal().wanted == 3);
}

TEST_CASE("a load that grows is met before it is there") {
    Scale scale({.target = 0.5, .warm_up = 2min});
    for (int second = 0; second <= 60; second += 5) {
        scale.on_sample(kStart + std::chrono::seconds(second), sample(1 + second * 0.05, 2));
    }
    // 4 now, and 6 more in two minutes: 10 of 2 each.
    CHECK(scale.signal().expected == doctest::Approx(10));
    CHECK(scale.signal().wanted == 5);
}

TEST_CASE("fewer are not wanted before they were enough for a while") {
    Scale scale({.target = 0.5, .hold = 10min});
    scale.on_sample(kStart, sample(10, 5));
    scale.on_sample(kStart + 9min, sample(1, 5));
    CHECK(scale.signal().surplus == 0);
    scale.on_sample(kStart + 11min, sample(1, 5));
    CHECK(scale.signal().surplus == 4);
}

TEST_CASE("who has just begun to look does not know whether fewer were enough for a while") {
    Scale scale({.target = 0.5, .hold = 10min});
    scale.on_sample(kStart, sample(1, 5));
    CHECK(scale.signal().surplus == 0);
    CHECK(scale.signal().wanted == 5);
    scale.on_sample(kStart + 9min, sample(1, 5));
    CHECK(scale.signal().surplus == 0);
    scale.on_sample(kStart + 10min, sample(1, 5));
    CHECK(scale.signal().surplus == 4);
}

TEST_CASE("a server that somebody has drained is made up for") {
    Scale scale({.target = 0.5});
    scale.on_sample(kStart, sample(7, 5, 1));
    CHECK(scale.signal().needed == 4);
    CHECK(scale.signal().wanted == 4);
    scale.on_sample(kStart + 1s, sample(9, 5, 1));
    CHECK(scale.signal().needed == 5);
    CHECK(scale.signal().wanted == 6);
}

TEST_CASE("no server is asked away that is not drained") {
    Scale scale({.target = 0.5, .hold = 0s});
    scale.on_sample(kStart, sample(1, 5));
    CHECK(scale.signal().surplus == 4);
    CHECK(scale.signal().wanted == 5);
    scale.on_sample(kStart + 1s, sample(1, 5, 3));
    CHECK(scale.signal().wanted == 2);
    Scale limited({.target = 0.5, .most = 3});
    limited.on_sample(kStart, sample(100, 5));
    CHECK(limited.signal().wanted == 5);
    CHECK(limited.signal().needed == 3);
}

TEST_CASE("without any server the least is wanted") {
    Scale scale({.least = 2});
    scale.on_sample(kStart, {});
    CHECK(scale.signal().wanted == 2);
}

TEST_CASE("the sample is of the servers that are there") {
    Picture picture(1);
    picture.on_beat(kStart, beat_of("gone", 1, 1.0));
    picture.on_beat(kStart + 3s, beat_of("up", 1, 1.0));
    auto drained = beat_of("drained", 1, 0.5);
    drained.state = cluster::ServerState::Drained;
    picture.on_beat(kStart + 3s, drained);
    auto leaving = beat_of("leaving", 1, 0.25);
    leaving.state = cluster::ServerState::Draining;
    leaving.leaving = true;
    picture.on_beat(kStart + 3s, leaving);
    picture.on_deadline(kStart + 3s);
    const ScaleSample now = sample_of(picture);
    CHECK(now.present == 2);
    CHECK(now.drained == 1);
    CHECK(now.taking == 1);
    // What the leaving one carries has to go somewhere; it itself is nobody to count on.
    CHECK(now.load == 1.75);
    CHECK(now.capacity == 4);
}

}  // namespace
}  // namespace parley::router_service
