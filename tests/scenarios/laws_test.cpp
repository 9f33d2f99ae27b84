#include "tests/sim/laws.h"

#include <doctest/doctest.h>

using namespace parley;
using namespace parley::sim;
using net::Drop;

namespace {

// 100 datagrams in, 90 of them voices for two listeners each.
router::Counters right() {
    router::Counters counters;
    counters.packets_received = 100;
    counters.stun_received = 3;
    counters.dtls_received = 2;
    counters.rtcp_received = 1;
    counters.rtp_received = 90;
    counters.drops.count(Drop::SrtpReplayed, 4);
    counters.copies_due = 180;
    counters.copies_sent = 170;
    counters.drops.count(Drop::ConsumerPaused, 9);
    counters.drops.count(Drop::ConsumerNotConnected, 1);
    return counters;
}

std::string wrong_with(const router::Counters& counters) {
    return check_sums(counters, 100, 200);
}

}  // namespace

TEST_CASE("a worker whose packets all went somewhere breaks no law") {
    CHECK(wrong_with(right()) == "");
}

TEST_CASE("a datagram that was not counted breaks the law") {
    CHECK(check_sums(right(), 101, 200) ==
          "a worker counted 100 datagrams and was handed 101");
}

TEST_CASE("a datagram that is neither taken nor dropped by name breaks the law") {
    router::Counters counters = right();
    --counters.rtp_received;
    CHECK(wrong_with(counters) == "of 100 datagrams in, 95 were taken and 4 dropped");
}

TEST_CASE("a copy that is neither sent nor dropped by name breaks the law") {
    router::Counters counters = right();
    ++counters.copies_due;
    CHECK(wrong_with(counters) == "of 181 copies, 170 were sent and 10 dropped");
}

TEST_CASE("a retransmission that is neither sent nor dropped by name breaks the law") {
    router::Counters counters = right();
    counters.retransmissions_due = 7;
    counters.retransmissions_sent = 5;
    counters.drops.count(Drop::RetransmissionGone, 2);
    CHECK(wrong_with(counters) == "");
    ++counters.retransmissions_due;
    CHECK(wrong_with(counters) == "of 8 retransmissions, 5 were sent and 2 dropped");
}

TEST_CASE("a copy that is counted and not sent breaks the law") {
    CHECK(check_sums(right(), 100, 169) == "more copies were counted than sent");
}

TEST_CASE("two legs with one key break the law") {
    World world(1);
    Places places;
    Laws laws(world, places);
    dtls::SrtpKeys keys{.profile = 7, .key_size = 16, .salt_size = 12};
    keys.local[0] = 1;
    laws.on_keys(keys);
    CHECK_NOTHROW(world.run_until(world.now()));
    keys.remote[0] = 2;
    world.after(0ms, [&] { laws.on_keys(keys); });
    CHECK_THROWS_AS(world.run_until(world.now()), LawBroken);
}
