#include "controller/capacity/gauge.h"

#include <doctest/doctest.h>

using namespace parley;
using namespace parley::controller;
using namespace parley::controller::capacity;

namespace {

// A worker that forwards `streams` voices of 50 packets a second, at 2 us for each packet.
struct ModelWorker {
    WorkerInfo info{.pid = 7};
    Instant now = Instant::from_micros(1'000'000);

    void run(Gauge& gauge, CostModel& model, uint32_t streams, int seconds) {
        for (int i = 0; i < seconds; ++i) {
            now += 1s;
            info.producers = streams;
            info.packets_sent += streams * 50;
            info.cpu_ns += uint64_t{streams} * 50 * 2'000;
            gauge.on_stats(now, info, model);
        }
    }
};

bool close(double a, double b) {
    return a > b * 0.95 && a < b * 1.05;
}

}  // namespace

TEST_CASE("the load of a worker is what it used of a core in the last seconds") {
    Gauge gauge;
    CostModel model;
    ModelWorker worker;
    CHECK(gauge.load(worker.now) == 0);
    worker.run(gauge, model, 1'000, 30);
    CHECK(close(gauge.load(worker.now), 0.1));
    CHECK(close(gauge.measured(), 0.1));
    CHECK(gauge.packets_per_stream() > 40);
    worker.run(gauge, model, 0, 30);
    CHECK(gauge.load(worker.now) < 0.001);
}

TEST_CASE("who was promised a place counts until it shows in the measurements") {
    Gauge gauge;
    CostModel model;
    ModelWorker worker;
    gauge.promise(worker.now, 0.2);
    CHECK(gauge.load(worker.now) == 0.2);
    CHECK(close(gauge.load(worker.now + 4s), 0.1));
    CHECK(gauge.load(worker.now + 20s) == 0);
    worker.run(gauge, model, 2'000, 30);
    CHECK(close(gauge.load(worker.now), 0.2));
}

TEST_CASE("a new process begins anew, and is no negative work") {
    Gauge gauge;
    CostModel model;
    ModelWorker worker;
    worker.run(gauge, model, 1'000, 30);
    const double before = gauge.load(worker.now);
    worker.info = {.pid = 8};
    worker.now += 1s;
    gauge.on_stats(worker.now, worker.info, model);
    CHECK(gauge.load(worker.now) == before);
    worker.info.packets_sent = 5;
    worker.now += 1s;
    gauge.on_stats(worker.now, worker.info, model);
    worker.info.packets_sent = 0;  // a counter that went back is not believed
    worker.now += 1s;
    gauge.on_stats(worker.now, worker.info, model);
    CHECK(gauge.load(worker.now) < before);
    worker.info.cpu_ns += 3'000'000'000;  // in one second, of one thread
    worker.now += 1s;
    gauge.on_stats(worker.now, worker.info, model);
    CHECK(gauge.load(worker.now) < before);
    gauge.reset();
    CHECK(gauge.load(worker.now) == 0);
}

TEST_CASE("a worker that is late second after second is full, whatever it uses") {
    Gauge gauge;
    CostModel model;
    ModelWorker worker;
    worker.info.loop_delay_mean = 60ms;
    worker.run(gauge, model, 100, 2);
    CHECK(gauge.load(worker.now) < 0.1);  // that happens
    worker.run(gauge, model, 100, 1);
    CHECK(gauge.load(worker.now) == 1);
    worker.info.loop_delay_mean = 1ms;
    worker.run(gauge, model, 100, 1);
    CHECK(gauge.load(worker.now) < 0.1);
}

TEST_CASE("one more peer costs its streams, its transports and its handshakes") {
    const Costs costs{.packet_ns = 2'000, .transport_ns_per_s = 100'000, .handshake_ns = 800'000};
    const double alone = cost_of_peer(costs, 50, {.transports = 2, .producers = 1});
    // 50 packets of 2 us, 2 transports of 100 us, 2 handshakes of 0.8 ms over 8 s
    CHECK(close(alone, 0.0001 + 0.0002 + 0.0002));
    const double in_a_crowd = cost_of_peer(costs, 50, {.producers = 1, .consumers = 198});
    CHECK(close(in_a_crowd, 0.0199 + 0.0002 + 0.0002));
}
