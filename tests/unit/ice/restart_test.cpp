#include "tests/unit/ice/peer.h"

using namespace parley;
using namespace parley::ice;

namespace {

std::vector<std::string_view> fragments(const LiteAgent& agent) {
    const auto now = agent.local_fragments();
    return {now.begin(), now.end()};
}

}  // namespace

TEST_CASE("until the peer follows a restart its old checks stay good and nothing changes") {
    Session session;
    session.check(kWifi, {.nominate = kNominate});
    session.agent.restart(session.now, kNew);
    CHECK(session.agent.local() == kNew);
    CHECK(fragments(session.agent) == std::vector<std::string_view>{"newfragm", "oldfragm"});
    CHECK(session.agent.state() == State::Completed);
    CHECK(session.agent.selected() == kWifi);
    for (int i = 0; i < 20; ++i) {
        session.wait(5s);
        REQUIRE(session.check(kWifi, {.nominate = kNominate}) == Heard::Answered);
        REQUIRE(stun::verify_integrity(*stun::parse_message(session.answers[0].bytes),
                                       kOld.password));
    }
    CHECK(session.agent.selected() == kWifi);
    CHECK(session.agent.state() == State::Completed);
}

TEST_CASE("the first check with the new credentials ends the old ones and chooses anew") {
    Session session;
    session.check(kWifi, {.nominate = kNominate, .priority = 200});
    session.agent.restart(session.now, kNew);
    const uint32_t before = session.agent.changes();
    CHECK(session.check(kMobile, {.priority = 1, .with = kNew}) == Heard::Answered);
    CHECK(session.agent.changes() > before);
    CHECK(session.agent.selected() == kMobile);
    CHECK(session.agent.state() == State::Connected);
    CHECK(session.knows(kWifi));  // for what is still under way
    CHECK(fragments(session.agent) == std::vector<std::string_view>{"newfragm"});
    CHECK(session.check(kWifi, {.nominate = kNominate}) == Heard::UnknownUser);
    CHECK(session.agent.selected() == kMobile);

    session.wait(20s);
    session.check(kMobile, {.nominate = kNominate, .priority = 1, .with = kNew});
    session.wait(10s);
    CHECK_FALSE(session.knows(kWifi));  // its consent ended
    CHECK(session.agent.selected() == kMobile);
}

TEST_CASE("a restart on the path that is in use keeps it, and waits for a new nomination") {
    Session session;
    session.check(kWifi, {.nominate = kNominate});
    session.agent.restart(session.now, kNew);
    session.check(kWifi, {.with = kNew});
    CHECK(session.agent.selected() == kWifi);
    CHECK(session.agent.state() == State::Connected);
    CHECK(session.agent.paths().size() == 1);
    session.check(kWifi, {.nominate = kNominate, .with = kNew});
    CHECK(session.agent.state() == State::Completed);
}

TEST_CASE("the end of the old credentials is a change even if the path stays the same") {
    Session session;
    session.check(kWifi, {.nominate = kNominate});
    session.agent.restart(session.now, kNew);
    const uint32_t before = session.agent.changes();
    session.check(kWifi, {.nominate = kNominate, .with = kNew});
    CHECK(session.agent.state() == State::Completed);
    CHECK(session.agent.changes() > before);
}

TEST_CASE("a wrong password with the new user does not end the old credentials") {
    Session session;
    session.check(kWifi, {.nominate = kNominate});
    session.agent.restart(session.now, kNew);
    const Credentials guessed = {kNew.username_fragment, kOld.password};
    CHECK(session.check(kMobile, {.nominate = kNominate, .with = guessed}) ==
          Heard::Unauthenticated);
    CHECK(session.check(kWifi, {.nominate = kNominate}) == Heard::Answered);
    CHECK(session.agent.selected() == kWifi);
}

TEST_CASE("of two restarts in a row what the peer last used stays good, and the newest") {
    Session session;
    session.check(kWifi, {.nominate = kNominate});
    const Credentials skipped = {"skipped1", "skipped-password-of-32-character"};
    session.agent.restart(session.now, skipped);
    session.agent.restart(session.now, kNew);
    CHECK(fragments(session.agent) == std::vector<std::string_view>{"newfragm", "oldfragm"});
    CHECK(session.check(kWifi, {.with = skipped}) == Heard::UnknownUser);
    CHECK(session.check(kWifi, {.nominate = kNominate}) == Heard::Answered);
    CHECK(session.check(kWifi, {.nominate = kNominate, .with = kNew}) == Heard::Answered);
    CHECK(session.agent.state() == State::Completed);
}

TEST_CASE("a restart brings a lost peer back") {
    Session session;
    session.check(kWifi, {.nominate = kNominate});
    session.wait(31s);
    REQUIRE(session.agent.state() == State::Disconnected);
    session.agent.restart(session.now, kNew);
    CHECK(session.agent.state() == State::Disconnected);
    session.check(kMobile, {.nominate = kNominate, .with = kNew});
    CHECK(session.agent.state() == State::Completed);
    CHECK(session.agent.selected() == kMobile);
}
