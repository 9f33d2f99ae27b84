#include <doctest/doctest.h>

#include <map>
#include <set>

#include "tests/unit/engine/two_workers.h"
#include "worker/rtp/rtp_view.h"

using namespace parley;
using namespace parley::test;
using flatbuffers::FlatBufferBuilder;
using net::Drop;

namespace {

constexpr int8_t kSpeech = -30, kSilence = -127;

using Who = std::set<uint32_t>;

// People who speak into the first worker as csrc 1, 2, ..., and whose voices all have a consumer in
// the pipe. One listener with slots here and one beyond the pipe.
struct Assembly {
    struct Person {
        std::unique_ptr<ModelPeer> peer;
        uint32_t csrc;
        PipedSsrcs piped;
        uint16_t sequence_number = 100;
        int8_t dbov = kSilence;
    };
    struct Listener {
        std::unique_ptr<ModelPeer> peer;
        std::vector<std::pair<uint32_t, std::string>> heard = {};  // csrc, payload
    };

    TwoWorkers two;
    std::vector<Person> people;
    Listener here, beyond;
    std::map<uint32_t, size_t> crossed;  // packets by SSRC, since the last forget()

    Assembly(size_t count, size_t slots) {
        here.peer = std::make_unique<ModelPeer>(two.first, 1, 50, 5050);
        beyond.peer = std::make_unique<ModelPeer>(two.second, 2, 51, 5051);
        for (size_t i = 0; i < count; ++i) join();
        REQUIRE(two.first.consume_slots(50, 500, slots, 0).ok());
        REQUIRE(two.second.consume_slots(51, 600, slots, 0).ok());
        two.to_second = [this](base::Bytes datagram) {
            if (net::protocol_of(datagram) != net::Protocol::Rtp) return true;
            ++crossed[base::ByteReader(datagram.subspan(8)).u32()];
            return true;
        };
    }

    void join() {
        const uint64_t i = people.size() + 1;
        Person who{
            std::make_unique<ModelPeer>(two.first, 1, 100 + i, static_cast<uint16_t>(5100 + i)),
            static_cast<uint32_t>(i),
            {}};
        const auto csrc = static_cast<uint32_t>(i);
        REQUIRE(two.first.produce(100 + i, 200 + i, {ssrc_of(csrc)}, "", false, csrc).ok());
        const Replied consumed = two.pipe_consume(300 + i, 200 + i);
        who.piped = {consumed->body_as_PipeConsumed()->ssrc(),
                     consumed->body_as_PipeConsumed()->rtx_ssrc()};
        REQUIRE(two.pipe_produce(400 + i, who.piped, csrc).ok());
        people.push_back(std::move(who));
    }

    static uint32_t ssrc_of(uint32_t csrc) { return 0x1000 + csrc; }
    Person& person(uint32_t csrc) { return people[csrc - 1]; }

    Replied rule(uint8_t loudest, std::vector<uint32_t> always = {}) {
        FlatBufferBuilder fbb;
        return two.first.ask(fbb, pipe::CreateSetPipeRuleDirect(fbb, 1, kPipe, loudest, &always));
    }

    void pass(base::Duration time) {
        for (base::Duration at = 0us; at < time; at += 20ms) {
            for (Person& who : people) {
                who.peer->send_rtp(rtp_bytes({.ssrc = ssrc_of(who.csrc),
                                              .sequence_number = who.sequence_number,
                                              .timestamp = 960u * who.sequence_number,
                                              .payload = std::to_string(who.sequence_number),
                                              .dbov = who.dbov}));
                ++who.sequence_number;
            }
            two.carry();
            listen(here);
            listen(beyond);
            two.pass(20ms);
        }
    }

    static void listen(Listener& listener) {
        for (const Bytes& bytes : listener.peer->receive_rtp()) {
            const auto view = rtp::parse_rtp(bytes);
            REQUIRE(view);
            listener.heard.emplace_back(base::ByteReader(view->csrcs).u32(),
                                        base::as_text(view->payload));
        }
    }

    void forget() {
        crossed.clear();
        here.heard.clear();
        beyond.heard.clear();
    }
    Who who_crossed() {
        Who who;
        for (const Person& each : people) {
            if (crossed[each.piped.ssrc] > 0) who.insert(each.csrc);
        }
        return who;
    }
    static Who heard_by(const Listener& listener) {
        Who who;
        for (const auto& [csrc, payload] : listener.heard) who.insert(csrc);
        return who;
    }

    void check_sums() {
        for (const Fixture* at : {&two.first, &two.second}) {
            const auto& counters = at->engine.counters();
            uint64_t dropped = 0, all = 0;
            for (size_t i = 0; i < net::kDropKinds; ++i) {
                const uint64_t count = counters.drops[static_cast<Drop>(i)];
                const bool copy = net::kDropNames[i].starts_with("consumer_");
                (copy ? dropped : all) += count;
            }
            CHECK(counters.copies_due == counters.copies_sent + dropped);
            CHECK(counters.packets_received == counters.stun_received + counters.dtls_received +
                                                   counters.rtcp_received + counters.rtp_received +
                                                   all);
        }
    }
};

}  // namespace

TEST_CASE("only the loudest go into a pipe, and beyond it the same are heard as here") {
    Assembly hall(8, 2);
    REQUIRE(hall.rule(2).ok());
    for (uint32_t csrc = 1; csrc <= 6; ++csrc) hall.person(csrc).dbov = kSpeech - 15;
    hall.person(7).dbov = hall.person(8).dbov = kSpeech;
    hall.pass(2s);
    hall.forget();
    hall.pass(1s);
    CHECK(hall.who_crossed() == Who{7, 8});
    CHECK(hall.heard_by(hall.beyond) == Who{7, 8});
    CHECK(hall.beyond.heard == hall.here.heard);
    CHECK(hall.two.first.drops(Drop::ConsumerNotLoudest) > 0);
    CHECK(hall.two.second.drops(Drop::RtpProbation) == 0);
    hall.check_sums();
}

TEST_CASE("beyond a pipe a change of speakers loses no more than 60 ms of what is heard here") {
    Assembly hall(6, 1);
    REQUIRE(hall.rule(1).ok());
    size_t here = 0, beyond = 0;
    for (uint32_t turn = 0; turn < 18; ++turn) {
        // Sometimes after a pause, sometimes in the middle of another's word.
        const uint32_t speaker = 1 + turn * 5 % 6;
        for (auto& person : hall.people) {
            const bool interrupted = turn % 3 == 0 && person.dbov == kSpeech;
            person.dbov = interrupted ? kSpeech - 12 : kSilence;
        }
        hall.person(speaker).dbov = kSpeech;
        hall.forget();
        hall.pass(1400ms);
        const auto words_of = [&](const Assembly::Listener& listener) {
            return std::count_if(listener.heard.begin(), listener.heard.end(),
                                 [&](const auto& word) { return word.first == speaker; });
        };
        CAPTURE(turn);
        CHECK(words_of(hall.here) > 0);
        CHECK(words_of(hall.here) - words_of(hall.beyond) <= 3);
        here += static_cast<size_t>(words_of(hall.here));
        beyond += static_cast<size_t>(words_of(hall.beyond));
    }
    MESSAGE("words of the speaker heard here " << here << ", beyond the pipe " << beyond);
    CHECK(hall.two.first.drops(Drop::RetransmissionGone) == 0);
    hall.check_sums();
}

TEST_CASE("what was left out is never asked for, and what was lost before still comes") {
    Assembly hall(2, 1);
    REQUIRE(hall.rule(1).ok());
    hall.person(1).dbov = kSpeech - 10;
    hall.pass(2s);
    // The last packet of the one who is interrupted is lost, and missed when he is heard again.
    uint16_t lost_at = 0;
    hall.two.to_second = [&](base::Bytes datagram) {
        const bool his = net::protocol_of(datagram) == net::Protocol::Rtp &&
                         base::ByteReader(datagram.subspan(8)).u32() == hall.person(1).piped.ssrc;
        if (!his) return true;
        lost_at = base::ByteReader(datagram.subspan(2)).u16();
        return false;
    };
    hall.person(2).dbov = kSpeech + 10;
    hall.pass(20ms);
    hall.two.to_second = [](base::Bytes) { return true; };
    hall.pass(2s);
    CHECK(lost_at != 0);
    hall.person(2).dbov = kSilence;
    hall.pass(6s);
    hall.person(1).dbov = kSpeech;
    hall.pass(1s);
    CHECK(hall.two.first.drops(Drop::RetransmissionGone) <= 1);
    const Replied stats = hall.two.pipe_stats(hall.two.second);
    CHECK(stats->body_as_PipeStats()->missing() <= 1);
    hall.check_sums();
}

TEST_CASE("who always goes into a pipe goes however quiet he is, and the loudest with him") {
    Assembly hall(5, 3);
    REQUIRE(hall.rule(1, {2, 77}).ok());
    hall.person(2).dbov = -60;
    hall.person(4).dbov = kSpeech;
    hall.person(5).dbov = kSpeech - 8;
    hall.pass(2s);
    hall.forget();
    hall.pass(1s);
    CHECK(hall.who_crossed() == Who{2, 4});
    REQUIRE(hall.rule(2).ok());
    hall.forget();
    hall.pass(1s);
    CHECK(hall.who_crossed() == Who{4, 5});
    REQUIRE(hall.rule(0).ok());
    hall.forget();
    hall.pass(1s);
    CHECK(hall.who_crossed() == Who{1, 2, 3, 4, 5});
}

TEST_CASE("a voice that may not go into a pipe and that nobody hears is not even decrypted") {
    Assembly hall(4, 1);
    REQUIRE(hall.rule(1).ok());
    hall.person(1).dbov = kSpeech;
    hall.pass(2s);
    REQUIRE(hall.two.first.close_transport(50).ok());  // of the listener here
    const uint64_t before = hall.two.first.drops(Drop::RtpQuiet);
    hall.pass(10s);
    CHECK(hall.two.first.drops(Drop::RtpQuiet) - before > 3 * 500 * 9 / 10);
    // The first word after that is heard, at its first packet.
    hall.person(1).dbov = kSilence;
    hall.pass(6s);
    hall.forget();
    hall.person(3).dbov = kSpeech;
    hall.pass(20ms);
    CHECK(hall.heard_by(hall.beyond) == Who{3});
    hall.check_sums();
}

TEST_CASE("who leaves or is paused makes way for the next") {
    Assembly hall(3, 1);
    REQUIRE(hall.rule(1).ok());
    hall.person(1).dbov = kSpeech;
    hall.person(2).dbov = kSpeech - 6;
    hall.pass(2s);
    REQUIRE(hall.two.first.pause_producer(201, true).ok());
    REQUIRE(hall.two.second.pause_producer(401, true).ok());
    hall.forget();
    hall.pass(200ms);
    CHECK(hall.who_crossed() == Who{2});
    CHECK(hall.heard_by(hall.beyond) == Who{2});
    REQUIRE(hall.two.first.close_producer(202).ok());
    hall.person(3).dbov = kSpeech;
    hall.forget();
    hall.pass(200ms);
    CHECK(hall.who_crossed() == Who{3});
}

TEST_CASE("a rule is of a pipe that carries something, ends with the last stream, and has bounds") {
    Assembly hall(1, 1);
    CHECK(hall.rule(17)->error() == pipe::ErrorCode::Malformed);
    CHECK(hall.rule(1, std::vector<uint32_t>(1'001, 5))->error() == pipe::ErrorCode::LimitReached);
    FlatBufferBuilder fbb;
    CHECK(hall.two.first.ask(fbb, pipe::CreateSetPipeRule(fbb, 9, kPipe, 1))->error() ==
          pipe::ErrorCode::NotFound);
    FlatBufferBuilder other;
    CHECK(hall.two.first.ask(other, pipe::CreateSetPipeRule(other, 1, 99, 1))->error() ==
          pipe::ErrorCode::NotFound);
    REQUIRE(hall.rule(1).ok());
    REQUIRE(hall.two.first.close_consumer(301).ok());
    CHECK(hall.rule(1)->error() == pipe::ErrorCode::WrongState);
    hall.join();
    hall.join();
    hall.forget();
    hall.pass(100ms);
    CHECK(hall.who_crossed() == Who{2, 3});
}
