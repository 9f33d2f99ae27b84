#include "worker/rtp/stream_map.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "common/base/random.h"
#include "common/base/serial.h"

using namespace parley;
using namespace parley::rtp;

namespace {

constexpr base::Instant kBegin = base::Instant::from_micros(1'700'000'000'000'000);

// The consumer's numbers are the source's plus these, until the first restart.
struct FromOne {
    std::optional<Mapped> map(uint16_t sequence_number, uint32_t timestamp,
                              base::Duration after = 0us) {
        return numbering.map(kBegin + after, sequence_number, timestamp);
    }

    StreamMap numbering{48'000, 1, 1'000};
};

}  // namespace

TEST_CASE("the first packet gets the first numbers, and the next ones keep their distance") {
    FromOne to;
    CHECK(to.map(700, 5'000) == Mapped{1, 1'000});
    CHECK(to.map(701, 5'960) == Mapped{2, 1'960});
    CHECK(to.map(704, 8'840) == Mapped{5, 4'840});  // loss stays loss
    CHECK(to.map(703, 7'880) == Mapped{4, 3'880});  // until it turns out to be late
    CHECK(to.map(703, 7'880) == Mapped{4, 3'880});
    CHECK(to.map(705, 48'000) == Mapped{6, 44'000});  // DTX
    CHECK(to.numbering.timestamp_offset() == static_cast<uint32_t>(1'000 - 5'000));
}

TEST_CASE("a resumed consumer goes on at the next number, and as much later as time has passed") {
    FromOne to;
    to.map(700, 5'000);
    to.map(701, 5'960, 20ms);
    to.numbering.restart();
    CHECK(to.map(1'000, 400'000, 2s + 20ms) == Mapped{3, 1'960 + 96'000});
    CHECK(to.map(1'001, 400'960, 2s + 40ms) == Mapped{4, 1'960 + 96'960});
}

TEST_CASE("what is older than the run is refused; what is younger is not, however late") {
    FromOne to;
    CHECK(to.map(700, 5'000));
    CHECK_FALSE(to.map(699, 4'040));
    to.numbering.restart();
    CHECK(to.map(800, 9'000, 1s));
    CHECK_FALSE(to.map(799, 8'040, 1s));
    CHECK_FALSE(to.map(700, 5'000, 1s));
    CHECK(to.map(900, 105'000, 3s));
    CHECK(to.map(801, 9'960, 3s) == Mapped{3, 1'000 + 48'000 + 960});
    CHECK(to.map(800, 9'000, 3s) == Mapped{2, 1'000 + 48'000});
}

TEST_CASE("another source takes over within one turn: at least a frame later, never the same") {
    FromOne to;
    to.map(700, 5'000);
    to.numbering.restart();
    CHECK(to.map(60'000, 77) == Mapped{2, 1'960});
    to.numbering.restart();
    to.numbering.restart();
    CHECK(to.map(3, 4'000'000'000) == Mapped{3, 2'920});
}

TEST_CASE("restarts without a packet between do not move the numbers") {
    FromOne to;
    to.numbering.restart();
    CHECK(to.map(700, 5'000, 10s) == Mapped{1, 1'000});
}

TEST_CASE("a late packet does not move the point from which a new run goes on") {
    FromOne to;
    to.map(700, 5'000);
    to.map(702, 6'920, 40ms);
    to.map(701, 5'960, 90ms);
    to.numbering.restart();
    CHECK(to.map(9, 9, 100ms) == Mapped{4, 2'920 + 2'880});
}

TEST_CASE("a source that begins anew begins a run by itself") {
    FromOne ahead, beyond, behind;
    for (FromOne* to : {&ahead, &beyond, &behind}) {
        to->map(10'000, 0);
        to->map(10'200, 0);
    }
    CHECK(ahead.map(13'200, 0) == Mapped{3'201, 1'000});
    CHECK(beyond.map(13'201, 0, 1s) == Mapped{202, 49'000});
    CHECK(behind.map(10'099, 0, 1s) == Mapped{202, 49'000});
}

TEST_CASE("numbers wrap on both sides, and at different times") {
    StreamMap numbering(48'000, 65'000, 0xffff'0000);
    uint16_t source = 30'000;
    uint32_t timestamp = 0xfff0'0000;
    for (uint32_t i = 0; i < 200'000; ++i, ++source, timestamp += 960) {
        const auto mapped = numbering.map(kBegin + i * 20ms, source, timestamp);
        REQUIRE(mapped == Mapped{static_cast<uint16_t>(65'000 + i), 0xffff'0000 + i * 960});
    }
}

namespace {

struct Sent {
    int64_t sent_order;  // of the source packet, over all runs
    uint16_t sequence_number;
    uint32_t timestamp;
};

// A source whose packets are lost, doubled and overtaken within a window, in bursts that end with
// a pause, a change of source, or a jump; and what the map made of them.
class Journey {
public:
    explicit Journey(uint64_t seed) : random_(seed) {
        numbering_ = StreamMap(48'000, static_cast<uint16_t>(random_.u32()), random_.u32());
        sequence_number_ = static_cast<uint16_t>(random_.u32());
        timestamp_ = random_.u32();
    }

    void run() {
        for (int burst = 0; burst < 6; ++burst) {
            send_burst(100 + random_.below(1'500));
            end_run();
        }
    }

    void check() const {
        REQUIRE(kept_.size() > 300);
        std::map<int64_t, Sent> by_number;  // all numbers are unwrapped
        base::Unwrapper<uint16_t> numbers;
        base::Unwrapper<uint32_t> timestamps;
        std::map<int64_t, int64_t> timestamp_of;
        int64_t newest = -1;
        for (const Sent& sent : kept_) {
            const int64_t number = sent.sent_order > newest ? numbers.advance(sent.sequence_number)
                                                            : numbers.peek(sent.sequence_number);
            const int64_t timestamp = sent.sent_order > newest ? timestamps.advance(sent.timestamp)
                                                               : timestamps.peek(sent.timestamp);
            newest = std::max(newest, sent.sent_order);
            const auto [known, fresh] = by_number.try_emplace(number, sent);
            REQUIRE(known->second.sent_order == sent.sent_order);  // one packet for each number
            REQUIRE(timestamp_of.try_emplace(number, timestamp).first->second == timestamp);
        }
        const Sent* before = nullptr;
        int64_t number_before = 0, timestamp_before = 0;
        for (const auto& [number, sent] : by_number) {
            if (before) {
                REQUIRE(sent.sent_order > before->sent_order);
                REQUIRE(timestamp_of.at(number) > timestamp_before);
                // Never a larger gap than the source had.
                REQUIRE(number - number_before <= sent.sent_order - before->sent_order);
            }
            before = &sent;
            number_before = number;
            timestamp_before = timestamp_of.at(number);
        }
    }

private:
    struct Packet {
        int64_t order;
        uint16_t sequence_number;
        uint32_t timestamp;
        uint64_t place;  // in the order of arrival
    };

    void send_burst(uint64_t count) {
        std::vector<Packet> packets;
        for (uint64_t i = 0; i < count; ++i) {
            const bool dtx = random_.below(50) == 0;
            timestamp_ += dtx ? 960 * 20 : 960;
            const Packet packet{order_++, sequence_number_++, timestamp_, i + random_.below(20)};
            if (random_.below(10) == 0) continue;
            packets.push_back(packet);
            if (random_.below(20) == 0) {
                packets.push_back(packet);
                packets.back().place += random_.below(20);
            }
        }
        std::stable_sort(packets.begin(), packets.end(),
                         [](const Packet& a, const Packet& b) { return a.place < b.place; });
        for (const Packet& packet : packets) {
            now_ += 20ms;
            const auto mapped = numbering_.map(now_, packet.sequence_number, packet.timestamp);
            if (mapped) {
                kept_.push_back({packet.order, mapped->sequence_number, mapped->timestamp});
            }
        }
    }

    void end_run() {
        now_ += base::Duration(random_.below(10'000'000));
        switch (random_.below(3)) {
            case 0: break;  // paused: the source went on, and nobody listened
            case 1: sequence_number_ = static_cast<uint16_t>(random_.u32()); break;
            case 2: timestamp_ = random_.u32(); break;
        }
        numbering_.restart();
    }

    base::SeededRandom random_;
    StreamMap numbering_{48'000, 0, 0};
    uint16_t sequence_number_ = 0;
    uint32_t timestamp_ = 0;
    int64_t order_ = 0;
    base::Instant now_ = kBegin;
    std::vector<Sent> kept_;
};

}  // namespace

TEST_CASE("through loss, reordering, pauses and changes of source the numbers never break") {
    for (uint64_t seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        Journey journey(seed);
        journey.run();
        journey.check();
    }
}

TEST_CASE("a number leads back to where it came from, while its run lasts") {
    FromOne to;
    CHECK_FALSE(to.numbering.source_of(1));
    to.map(700, 5'000);
    to.map(703, 7'880);
    REQUIRE(to.numbering.source_of(4));
    CHECK(to.numbering.source_of(4)->sequence_number == 703);
    CHECK(to.numbering.source_of(2)->sequence_number == 701);  // a gap is in the run too
    CHECK(7'880 + to.numbering.source_of(4)->timestamp_offset == to.map(703, 7'880)->timestamp);
    CHECK_FALSE(to.numbering.source_of(5));  // not given yet
    CHECK_FALSE(to.numbering.source_of(0));  // from before it began
    to.numbering.restart();
    CHECK_FALSE(to.numbering.source_of(4));
    to.map(9'000, 0);
    CHECK(to.numbering.source_of(5)->sequence_number == 9'000);
    CHECK_FALSE(to.numbering.source_of(4));  // of the run before
}
