#include <doctest/doctest.h>

#include <limits>

#include "controller/workers/pipe_codec.h"
#include "pipe_generated.h"

using namespace parley;
using namespace parley::controller;

namespace fb = flatbuffers;
namespace wire = parley::pipe;

namespace {

struct Said {
    std::vector<double> bounds;
    std::vector<uint64_t> counts;
    double sum = 0;
};

// What a controller makes of a worker's statistics.
WorkerInfo parse(fb::FlatBufferBuilder& b, fb::Offset<wire::WorkerStats> body) {
    const std::vector<fb::Offset<wire::Reply>> one = {wire::CreateReply(
        b, 1, wire::ErrorCode::None, {}, wire::ReplyBody::WorkerStats, body.Union())};
    b.Finish(wire::CreateFrame(b, 0, b.CreateVector(one)));
    const auto frame = workers::parse_frame({b.GetBufferPointer(), b.GetSize()});
    REQUIRE(frame);
    return std::get<WorkerInfo>(frame->replies[0].body);
}

// What it makes of a worker's round trips.
Distribution read(const Said& said) {
    fb::FlatBufferBuilder b;
    const auto bounds = b.CreateVector(said.bounds);
    const auto counts = b.CreateVector(said.counts);
    const auto histogram = wire::CreateHistogram(b, bounds, counts, said.sum);
    const auto quality = wire::CreateWorkerQuality(b, {}, {}, histogram);
    wire::WorkerStatsBuilder stats(b);
    stats.add_quality(quality);
    return parse(b, stats.Finish()).quality.round_trip_seconds;
}

}  // namespace

TEST_CASE("who reaches a worker by TCP is counted, and nobody where it says nothing of TCP") {
    for (const uint32_t connections : {0u, 7u}) {
        fb::FlatBufferBuilder b;
        wire::WorkerStatsBuilder stats(b);
        if (connections > 0) stats.add_tcp_connections(connections);
        CHECK(parse(b, stats.Finish()).tcp_connections == connections);
    }
}

TEST_CASE("a worker's histogram comes with its bounds") {
    const Distribution read_back = read({{0.1, 0.5}, {7, 2, 1}, 3.25});
    CHECK(read_back.bounds == std::vector<double>{0.1, 0.5});
    CHECK(read_back.counts == std::vector<uint64_t>{7, 2, 1});
    CHECK(read_back.sum == 3.25);
    CHECK(read({{}, {4}, 1}).counts == std::vector<uint64_t>{4});
}

TEST_CASE("a histogram that can not be one is none, and the rest of the statistics stays") {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    constexpr double kEndless = std::numeric_limits<double>::infinity();
    for (const Said& said : std::vector<Said>{{{0.1, 0.5}, {7, 2}, 1},
                                              {{0.1, 0.5}, {7, 2, 1, 1}, 1},
                                              {{}, {}, 0},
                                              {{0.5, 0.1}, {7, 2, 1}, 1},
                                              {{0.5, 0.5}, {7, 2, 1}, 1},
                                              {{kNone, 0.5}, {7, 2, 1}, 1},
                                              {{0.5, kNone}, {7, 2, 1}, 1},
                                              {{kNone}, {7, 2}, 1},
                                              {{0.5, kEndless}, {7, 2, 1}, 1},
                                              {{0.1}, {7, 2}, kNone},
                                              {{0.1}, {7, 2}, kEndless}}) {
        CAPTURE(said.bounds);
        CHECK(read(said).counts.empty());
    }
    Said large;
    for (int i = 0; i < 1'000; ++i) large.bounds.push_back(i);
    large.counts.resize(1'001);
    CHECK(read(large).counts.empty());
}
