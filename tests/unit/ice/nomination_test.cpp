#include <algorithm>

#include "tests/unit/ice/peer.h"
#include "worker/ice/path_table.h"

using namespace parley;
using namespace parley::ice;

namespace {

constexpr uint32_t kHigh = 200, kLow = 50;

// As Chromium does it: a path is checked, then chosen.
void choose(Session& session, const net::Path& path, uint32_t priority = 100) {
    session.check(path, {.priority = priority});
    session.check(path, {.nominate = kNominate, .priority = priority});
}

}  // namespace

TEST_CASE("the peer nominates the path it wants to be heard on") {
    Session session;
    session.check(kWifi);
    session.check(kMobile);
    session.check(kMobile, {.nominate = kNominate});
    CHECK(session.agent.state() == State::Completed);
    CHECK(session.agent.selected() == kMobile);
    session.check(kMobile);  // a keepalive that does not nominate takes nothing back
    CHECK(session.agent.state() == State::Completed);
    CHECK(session.agent.selected() == kMobile);
}

TEST_CASE("any nominated path is better than one that only happened to be first") {
    Session session;
    session.check(kWifi, {.priority = kHigh});
    session.check(kMobile, {.nominate = kNominate, .priority = kLow});
    CHECK(session.agent.selected() == kMobile);
    CHECK(session.agent.state() == State::Completed);
}

TEST_CASE("a phone that leaves Wi-Fi is followed to a path of lower priority, and back") {
    Session session;
    choose(session, kWifi, kHigh);
    choose(session, kMobile, kLow);
    CHECK(session.agent.selected() == kMobile);
    session.wait(2s);
    session.check(kWifi, {.nominate = kNominate, .priority = kHigh});
    CHECK(session.agent.selected() == kWifi);
    session.wait(2s);
    session.check(kMobile, {.nominate = kNominate, .priority = kLow});
    CHECK(session.agent.selected() == kMobile);
}

TEST_CASE("keepalives of the chosen path and plain checks of others keep the choice") {
    Session session;
    choose(session, kWifi);
    choose(session, kMobile);
    for (int i = 0; i < 100; ++i) {
        session.wait(2500ms);
        session.check(kMobile, {.nominate = kNominate});
        session.check(kWifi, {.priority = kHigh});
        REQUIRE(session.agent.selected() == kMobile);
    }
}

TEST_CASE("a check that was under way while the peer chose anew does not take the choice back") {
    Session session;
    choose(session, kWifi, kHigh);
    const Buffer late = session.check_bytes({.nominate = kNominate, .priority = kHigh});
    choose(session, kMobile, kLow);
    session.wait(limits::kIceReorder - 1us);
    session.hear(kWifi, late);
    CHECK(session.agent.selected() == kMobile);
    session.wait(1us);
    session.hear(kWifi, late);  // as old as this it is no late one any more
    CHECK(session.agent.selected() == kWifi);
}

TEST_CASE("of paths that are all nominated from their first check the highest priority wins") {
    const std::pair<net::Path, uint32_t> kChecks[] = {
        {kWifi, 100}, {kMobile, kLow}, {kIpv6, kHigh}};
    std::vector<int> order = {0, 1, 2};
    do {
        Session session;
        for (const int i : order) {
            session.check(kChecks[i].first, {.nominate = kNominate, .priority = kChecks[i].second});
        }
        const uint32_t settled = session.agent.changes();
        for (int round = 0; round < 20; ++round) {
            for (const int i : order) {
                session.check(kChecks[i].first,
                              {.nominate = kNominate, .priority = kChecks[i].second});
            }
            session.wait(500ms);
        }
        CHECK(session.agent.selected() == kIpv6);
        CHECK(session.agent.changes() == settled);
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("equal priorities do not make the choice flap") {
    Session session;
    session.check(kWifi, {.nominate = kNominate});
    session.check(kMobile, {.nominate = kNominate});
    const uint32_t settled = session.agent.changes();
    for (int i = 0; i < 50; ++i) {
        session.wait(500ms);
        session.check(kWifi, {.nominate = kNominate});
        session.check(kMobile, {.nominate = kNominate});
    }
    CHECK(session.agent.selected() == kMobile);
    CHECK(session.agent.changes() == settled);
}

TEST_CASE("a peer whose NAT gave it a new port is followed at its next check") {
    Session session;
    choose(session, kWifi);
    const net::Path rebound = path_of("192.0.2.1", 51'111);
    session.check(rebound, {.nominate = kNominate});
    CHECK(session.agent.selected() == rebound);
    CHECK(session.agent.state() == State::Completed);
}

TEST_CASE("a nominated path that fell silent gives way to another nominated one") {
    Session session;
    session.check(kWifi, {.nominate = kNominate, .priority = kHigh});
    session.check(kMobile, {.nominate = kNominate, .priority = kLow});
    session.wait(limits::kIceSilence - 1us);
    session.check(kIpv6, {.priority = kHigh});
    session.check(kMobile, {.nominate = kNominate, .priority = kLow});
    CHECK(session.agent.selected() == kWifi);
    session.wait(1us);
    session.check(kIpv6, {.priority = kHigh});  // nobody wants this one
    CHECK(session.agent.selected() == kWifi);
    session.check(kMobile, {.nominate = kNominate, .priority = kLow});
    CHECK(session.agent.selected() == kMobile);
    CHECK(session.agent.state() == State::Completed);
}

TEST_CASE("a peer that never nominates is followed when its first path falls silent") {
    Session session;
    session.check(kWifi);
    session.wait(limits::kIceSilence - 1us);
    session.check(kMobile);
    CHECK(session.agent.selected() == kWifi);
    session.wait(1us);
    session.check(kMobile);
    CHECK(session.agent.selected() == kMobile);
    CHECK(session.agent.state() == State::Connected);
}
