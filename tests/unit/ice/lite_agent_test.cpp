#include "worker/ice/lite_agent.h"

#include "tests/unit/ice/peer.h"
#include "worker/stun/fingerprint.h"

using namespace parley;
using namespace parley::ice;

namespace {

// A request that `add` completes, from the peer whose USERNAME is `username` unless empty.
template <typename Add>
Buffer request(std::string_view username, Add add) {
    Buffer bytes(limits::kDatagramBytes);
    stun::MessageWriter out(bytes, stun::Class::Request, {9});
    if (!username.empty()) out.attribute(stun::Attribute::Username, base::as_bytes(username));
    add(out);
    bytes.resize(out.size());
    return bytes;
}

// Nothing of the agent shows that it has heard anything.
void check_untouched(const Session& session) {
    CHECK(session.agent.state() == State::New);
    CHECK(session.agent.paths().empty());
    CHECK_FALSE(session.agent.selected());
    CHECK(session.agent.changes() == 0);
    CHECK(session.agent.next_deadline().is_never());
}

}  // namespace

TEST_CASE("a check is answered to where it came from, with that address and our password") {
    for (const net::Path& path : {kWifi, kIpv6}) {
        Session session;
        CHECK(session.check(path) == Heard::Answered);
        REQUIRE(session.answers.size() == 1);
        CHECK(session.answers[0].to == path);
        const auto answer = stun::parse_message(session.answers[0].bytes);
        REQUIRE(answer);
        CHECK(answer->message_class == stun::Class::Success);
        CHECK(answer->transaction_id == stun::TransactionId{session.checks});
        const stun::MappedAddress mapped{path.remote.ip, path.remote.port};
        CHECK(answer->xor_mapped_address == mapped);
        CHECK(answer->fingerprint_at);
        CHECK(stun::verify_integrity(*answer, kOld.password));
    }
}

TEST_CASE("the first path to be proved is spoken on before any is nominated") {
    Session session;
    session.check(kWifi);
    CHECK(session.agent.state() == State::Connected);
    CHECK(session.agent.selected() == kWifi);
    session.check(kMobile);
    CHECK(session.agent.selected() == kWifi);
    CHECK(session.agent.paths().size() == 2);
}

TEST_CASE("paths that differ in our own socket alone are two paths") {
    Session session;
    session.check(path_of("192.0.2.1", 40'000, 0));
    session.check(path_of("192.0.2.1", 40'000, 1), {.nominate = kNominate});
    CHECK(session.agent.paths().size() == 2);
    CHECK(session.agent.selected()->local == 1);
}

TEST_CASE("changes are counted when there are any") {
    Session session;
    session.check(kWifi);
    const uint32_t proved = session.agent.changes();
    CHECK(proved > 0);
    session.check(kWifi);
    CHECK(session.agent.changes() == proved);
    session.check(kWifi, {.nominate = kNominate});
    const uint32_t nominated = session.agent.changes();
    CHECK(nominated > proved);
    session.wait(5s);
    session.check(kWifi, {.nominate = kNominate});
    CHECK(session.agent.changes() == nominated);
    session.check(kMobile);
    CHECK(session.agent.changes() > nominated);
}

TEST_CASE("a stranger's check changes nothing") {
    Session session;
    CHECK(session.check(kWifi, {.nominate = kNominate, .with = kNew}) == Heard::UnknownUser);
    CHECK(session.answers.empty());
    const Credentials guessed = {kOld.username_fragment, "wrong-password-of-32-characters!"};
    CHECK(session.check(kWifi, {.nominate = kNominate, .with = guessed}) == Heard::Unauthenticated);
    CHECK(session.answer_code() == 401);
    CHECK_FALSE(stun::parse_message(session.answers[0].bytes)->integrity_at);
    check_untouched(session);
}

TEST_CASE("a check altered on its way changes nothing, whichever bit it was") {
    Session session;
    const Buffer whole = session.check_bytes({.nominate = kNominate});
    const size_t integrity_end = whole.size() - 8;
    for (size_t bit = 0; bit < integrity_end * 8; ++bit) {
        Buffer bytes = whole;
        bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
        session.hear(kWifi, bytes);
        base::ByteWriter(std::span(bytes).subspan(integrity_end))
            .u64(uint64_t{0x80280004} << 32 |
                 stun::fingerprint_of(base::Bytes(bytes).first(integrity_end)));
        CHECK(session.hear(kWifi, bytes) != Heard::Answered);
    }
    check_untouched(session);
}

TEST_CASE("a request without a user or without integrity is told so, RFC 8489 §9.1.3") {
    Session session;
    const std::string user = kOld.username_fragment + ":peer";
    CHECK(session.hear(kWifi, request(user, [](auto& out) { out.fingerprint(); })) ==
          Heard::Malformed);
    CHECK(session.answer_code() == 400);
    CHECK(session.hear(kWifi, request("", [](auto& out) {
              out.message_integrity(kOld.password);
          })) == Heard::Malformed);
    CHECK(session.answer_code() == 400);
    check_untouched(session);
}

TEST_CASE("an answer to what proved nothing is never longer than the question") {
    Session session;
    for (size_t size = 0; size < 40; ++size) {
        const std::string user = "oldfragm:" + std::string(size, 'x');
        const Buffer bare = request(size == 0 ? "" : user, [](auto&) {});
        CHECK(session.hear(kWifi, bare) == Heard::Malformed);
        if (!session.answers.empty()) CHECK(session.answers[0].bytes.size() <= bare.size());
        CHECK(session.answers.empty() == (size == 0));  // a bare header is shorter than any answer
    }
}

TEST_CASE("what is no request gets no answer") {
    Session session;
    for (const uint8_t type : {0x11, 0x02}) {  // a binding indication, another method
        Buffer bytes = request("oldfragm:peer", [](auto&) {});
        bytes[1] = type;
        CHECK(session.hear(kWifi, bytes) == Heard::Ignored);
        CHECK(session.answers.empty());
    }
    Buffer response(limits::kDatagramBytes);
    response.resize(stun::write_binding_success(response, {1}, {}, kOld.password));
    CHECK(session.hear(kWifi, response) == Heard::Ignored);
    CHECK(session.hear(kWifi, Buffer(40, 0)) == Heard::Malformed);
    CHECK(session.hear(kWifi, {}) == Heard::Malformed);
    CHECK(session.answers.empty());
    check_untouched(session);
}

TEST_CASE("a peer that believes it is controlled is told of the conflict, RFC 8445 §7.3.1.1") {
    Session session;
    CHECK(session.hear(kWifi, request("oldfragm:peer", [](auto& out) {
              out.number(stun::Attribute::IceControlled, uint64_t{1} << 63);
              out.message_integrity(kOld.password);
          })) == Heard::Answered);
    CHECK(session.answer_code() == 487);
    CHECK(stun::verify_integrity(*stun::parse_message(session.answers[0].bytes), kOld.password));
    check_untouched(session);
    session.check(kWifi);  // it changes its role and tries again
    CHECK(session.agent.state() == State::Connected);
}

TEST_CASE("an attribute that must be understood and is not is named, RFC 8489 §6.3.1") {
    Session session;
    const auto unknown_before_integrity = [](auto& out) {
        out.attribute(0x7abc, {});
        out.attribute(0xc057, {});  // need not be understood
        out.message_integrity(kOld.password);
    };
    CHECK(session.hear(kWifi, request("oldfragm:peer", unknown_before_integrity)) ==
          Heard::Answered);
    CHECK(session.answer_code() == 420);
    const Buffer& answer = session.answers[0].bytes;
    const Buffer named = {0x00, 0x0a, 0x00, 0x02, 0x7a, 0xbc};
    CHECK(Buffer(answer.begin() + 28, answer.begin() + 34) == named);
    CHECK(stun::verify_integrity(*stun::parse_message(answer), kOld.password));
    check_untouched(session);
}

TEST_CASE("a peer unheard for 30 s is not sent to any more, and may come back, RFC 7675 §5.1") {
    Session session;
    session.check(kWifi, {.nominate = kNominate});
    session.wait(20s);
    session.check(kWifi, {.nominate = kNominate});
    CHECK(session.agent.next_deadline() == session.now + 30s);
    session.wait(30s - 1us);
    CHECK(session.agent.state() == State::Completed);
    const uint32_t changes = session.agent.changes();
    session.wait(1us);
    CHECK(session.agent.state() == State::Disconnected);
    CHECK(session.agent.changes() > changes);
    CHECK_FALSE(session.agent.selected());
    CHECK(session.agent.paths().empty());
    CHECK(session.agent.next_deadline().is_never());

    session.wait(1h);
    session.check(kMobile);
    CHECK(session.agent.state() == State::Connected);
    CHECK(session.agent.selected() == kMobile);
}

TEST_CASE("a deadline that comes early does nothing") {
    Session session;
    session.agent.on_deadline(session.now + 1h);
    check_untouched(session);
    session.check(kWifi);
    session.agent.on_deadline(session.now + 29s);
    CHECK(session.agent.selected() == kWifi);
}

TEST_CASE("consent belongs to one path: when it ends there, the one heard last takes over") {
    Session session;
    session.check(kWifi, {.nominate = kNominate});
    session.check(kMobile);
    session.wait(1s);
    session.check(kIpv6);
    session.wait(2s);
    session.check(kMobile);
    session.wait(27s);
    CHECK(session.agent.paths().size() == 2);
    CHECK(session.agent.selected() == kMobile);
    CHECK(session.agent.state() == State::Connected);  // nobody nominated this one
    CHECK(session.agent.next_deadline() == session.now + 1s);
    session.check(kMobile, {.nominate = kNominate});
    CHECK(session.agent.state() == State::Completed);
}

TEST_CASE("of too many paths the one unheard for longest gives way, but never the selected one") {
    Session session;
    std::vector<net::Path> paths;
    for (uint16_t i = 0; i < limits::kPathsPerTransport; ++i) {
        paths.push_back(path_of("203.0.113.1", static_cast<uint16_t>(5000 + i)));
        session.check(paths.back());
        session.wait(1ms);
    }
    session.check(paths[1]);
    session.wait(1ms);
    session.check(kWifi);
    CHECK(session.agent.paths().size() == limits::kPathsPerTransport);
    CHECK(session.agent.selected() == paths[0]);
    CHECK(session.knows(paths[0]));
    CHECK(session.knows(paths[1]));
    CHECK_FALSE(session.knows(paths[2]));
    CHECK(session.knows(kWifi));
}

TEST_CASE("a closed agent is deaf and forgets its paths") {
    Session session;
    session.check(kWifi, {.nominate = kNominate});
    session.agent.close(session.now);
    session.agent.close(session.now);
    session.agent.restart(session.now, kNew);
    CHECK(session.agent.state() == State::Closed);
    CHECK_FALSE(session.agent.selected());
    CHECK(session.agent.paths().empty());
    CHECK(session.check(kWifi, {.nominate = kNominate}) == Heard::Ignored);
    CHECK(session.answers.empty());
    session.agent.on_deadline(session.now + 1h);
    CHECK(session.agent.state() == State::Closed);
}
