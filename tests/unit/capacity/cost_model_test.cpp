#include "controller/capacity/cost_model.h"

#include <doctest/doctest.h>

#include "common/base/random.h"

using namespace parley;
using namespace parley::controller::capacity;

namespace {

constexpr Costs kTruth{.packet_ns = 1'400, .transport_ns_per_s = 60'000, .handshake_ns = 800'000};

// A second of a worker whose costs are these, give or take `noise`.
Work second(const Costs& truth, uint64_t packets, uint64_t transports, uint64_t handshakes,
            double noise = 1) {
    Work work{1s, {}, packets, transports, handshakes};
    work.cpu = base::Duration(static_cast<int64_t>(cores(truth, work) * noise * 1e6));
    return work;
}

bool close(double a, double b, double by) {
    return a > b * (1 - by) && a < b * (1 + by);
}

}  // namespace

TEST_CASE("what a machine has not done yet keeps its first price") {
    CostModel model;
    model.on_work({1s, 0s, 0, 0, 0});
    CHECK(model.costs().packet_ns == Costs{}.packet_ns);
    for (int i = 0; i < 600; ++i) model.on_work(second(kTruth, 50'000, 0, 0));
    CHECK(close(model.costs().packet_ns, kTruth.packet_ns, 0.02));
    CHECK(model.costs().handshake_ns == Costs{}.handshake_ns);
}

TEST_CASE("the three costs are told apart when the work varies, noise and all") {
    base::SeededRandom random(7);
    CostModel model;
    for (int i = 0; i < 600; ++i) {
        const double noise = 0.9 + 0.2 * (static_cast<double>(random.u32()) / 4294967296.0);
        model.on_work(second(kTruth, random.u32() % 300'000, 100 + random.u32() % 3'000,
                             random.u32() % 200, noise));
    }
    CHECK(close(model.costs().packet_ns, kTruth.packet_ns, 0.05));
    CHECK(close(model.costs().transport_ns_per_s, kTruth.transport_ns_per_s, 0.15));
    CHECK(close(model.costs().handshake_ns, kTruth.handshake_ns, 0.15));
}

TEST_CASE("work that never varies is still predicted rightly as a whole") {
    CostModel model;
    for (int i = 0; i < 300; ++i) model.on_work(second(kTruth, 100'000, 2'000, 0));
    const Work same = second(kTruth, 100'000, 2'000, 0);
    CHECK(close(cores(model.costs(), same), cores(kTruth, same), 0.03));
}

TEST_CASE("a machine that became slower is believed within minutes") {
    CostModel model;
    for (int i = 0; i < 3'000; ++i) model.on_work(second(kTruth, 100'000, 500, 5));
    Costs slower = kTruth;
    slower.packet_ns *= 2;
    int spans = 0;
    while (!close(model.costs().packet_ns, slower.packet_ns, 0.2) && spans < 10'000) {
        model.on_work(second(slower, 100'000, 500, 5));
        ++spans;
    }
    CHECK(spans < 900);
}

TEST_CASE("no observation makes a cost absurd") {
    CostModel model;
    for (int i = 0; i < 100; ++i) model.on_work({1s, 3600s, 1, 1, 1});
    CHECK(model.costs().packet_ns <= Costs{}.packet_ns * CostModel::kFactorMost);
    for (int i = 0; i < 10'000; ++i) model.on_work({1s, 0s, UINT64_MAX, UINT64_MAX, UINT64_MAX});
    CHECK(model.costs().packet_ns >= Costs{}.packet_ns / CostModel::kFactorMost);
    model.on_work({0s, 1s, 1, 1, 1});
    model.on_work({-1s, 1s, 1, 1, 1});
    CHECK(model.costs().handshake_ns > 0);
}
