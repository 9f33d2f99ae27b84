#include "tests/sim/link.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace parley;
using namespace parley::sim;

namespace {

const base::Instant kBegin = base::Instant::from_micros(1'000'000);

// Arrivals of `count` datagrams of 125 bytes, one each millisecond.
std::vector<base::Instant> carry(Link& link, size_t count) {
    std::vector<base::Instant> all;
    for (size_t i = 0; i < count; ++i) {
        const auto arrivals = link.carry(kBegin + static_cast<int>(i) * 1ms, 125);
        all.insert(all.end(), arrivals.span().begin(), arrivals.span().end());
    }
    return all;
}

Link link_with(const Conditions& conditions) {
    Link link{base::SeededRandom(5)};
    link.conditions = conditions;
    return link;
}

}  // namespace

TEST_CASE("a clean link delays, and does nothing else") {
    Link link = link_with({.delay = 40ms});
    const auto arrivals = carry(link, 3);
    CHECK(arrivals == std::vector{kBegin + 40ms, kBegin + 41ms, kBegin + 42ms});
}

TEST_CASE("5 % loss loses about every twentieth datagram") {
    Link link = link_with({.loss = 0.05});
    const size_t arrived = carry(link, 10'000).size();
    CHECK(arrived > 9'400);
    CHECK(arrived < 9'600);
}

TEST_CASE("a share is delivered twice") {
    Link link = link_with({.duplication = 0.1});
    const size_t arrived = carry(link, 10'000).size();
    CHECK(arrived > 10'850);
    CHECK(arrived < 11'150);
}

TEST_CASE("jitter spreads arrivals and keeps their order, reordering does not") {
    Link jittery = link_with({.delay = 10ms, .jitter = 30ms});
    const auto in_order = carry(jittery, 1'000);
    CHECK(std::ranges::is_sorted(in_order));
    CHECK(std::ranges::any_of(in_order, [&](base::Instant at) {
        return at - in_order.front() > 20ms;
    }));

    Link shuffling = link_with({.reordering = 0.05});
    CHECK_FALSE(std::ranges::is_sorted(carry(shuffling, 1'000)));
}

TEST_CASE("a narrow link makes datagrams wait their turn, and loses what would wait too long") {
    // 125 bytes are 1,000 bits: 2 ms at 500 kbit/s, twice as long as they are apart.
    Link link = link_with({.delay = 0ms, .bandwidth_bps = 500'000, .queue = 50ms});
    const auto arrivals = carry(link, 1'000);
    CHECK(arrivals[1] - arrivals[0] == 2ms);
    CHECK(arrivals.size() > 500);
    CHECK(arrivals.size() < 560);
    const base::Duration last = arrivals.back() - kBegin;
    CHECK(last <= 999ms + 50ms + 2ms);
}

TEST_CASE("conditions change while the link is in use") {
    Link link = link_with({});
    link.conditions.loss = 1;
    CHECK(carry(link, 10).empty());
    link.conditions.loss = 0;
    CHECK(carry(link, 10).size() == 10);
}
