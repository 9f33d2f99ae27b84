#include "tests/unit/ice/peer.h"

using namespace parley;
using namespace parley::ice;

namespace {

const net::Path kTcp = path_of("192.0.2.1", 50'000, 1);
const net::Path kTcpAgain = path_of("192.0.2.1", 50'001, 1);

}  // namespace

TEST_CASE("a connection that ends takes its path along, and another proved one is spoken on") {
    Session session;
    session.check(kWifi);
    session.wait(1s);
    session.check(kMobile);
    session.check(kTcp, {.nominate = kNominate});
    REQUIRE(session.agent.selected() == kTcp);
    const uint32_t changes = session.agent.changes();
    session.agent.on_path_closed(session.now, kTcp);
    CHECK(session.agent.selected() == kMobile);  // heard last
    CHECK(session.agent.state() == State::Connected);
    CHECK_FALSE(session.knows(kTcp));
    CHECK(session.agent.changes() != changes);
}

TEST_CASE("without another path nothing is sent until a new connection brings a check") {
    Session session;
    session.check(kTcp, {.nominate = kNominate});
    session.agent.on_path_closed(session.now, kTcp);
    CHECK(session.agent.state() == State::Disconnected);
    CHECK_FALSE(session.agent.selected());
    CHECK(session.agent.next_deadline().is_never());
    session.check(kTcpAgain, {.nominate = kNominate});
    CHECK(session.agent.state() == State::Completed);
    CHECK(session.agent.selected() == kTcpAgain);
}

TEST_CASE("the end of a connection that is not spoken on changes nothing but the paths") {
    Session session;
    session.check(kWifi, {.nominate = kNominate});
    session.check(kTcp);
    session.agent.on_path_closed(session.now, kTcp);
    CHECK(session.agent.selected() == kWifi);
    CHECK(session.agent.state() == State::Completed);
    CHECK(session.agent.paths().size() == 1);
}

TEST_CASE("a path that nobody proved, and one of a closed agent, end without a trace") {
    Session session;
    session.agent.on_path_closed(session.now, kTcp);
    CHECK(session.agent.state() == State::New);
    CHECK(session.agent.changes() == 0);
    session.check(kWifi);
    const uint32_t changes = session.agent.changes();
    session.agent.on_path_closed(session.now, kTcp);
    CHECK(session.agent.changes() == changes);
    session.agent.close(session.now);
    session.agent.on_path_closed(session.now, kWifi);
    CHECK(session.agent.state() == State::Closed);
}

TEST_CASE("after a restart the new connection carries the voice, and the old may end") {
    Session session;
    session.check(kTcp, {.nominate = kNominate});
    session.agent.restart(session.now, kNew);
    session.check(kTcpAgain, {.nominate = kNominate, .with = kNew});
    REQUIRE(session.agent.selected() == kTcpAgain);
    session.agent.on_path_closed(session.now, kTcp);
    CHECK(session.agent.selected() == kTcpAgain);
    CHECK(session.agent.state() == State::Completed);
}
