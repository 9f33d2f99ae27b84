#include <doctest/doctest.h>

#include <map>
#include <set>

#include "tests/unit/engine/fixture.h"
#include "worker/rtcp/report.h"
#include "worker/rtp/rtp_view.h"

using namespace parley;
using namespace parley::test;
using flatbuffers::FlatBufferBuilder;
using net::Drop;

namespace {

constexpr int8_t kSpeech = -30, kSilence = -127;

struct Heard {
    uint16_t sequence_number;
    uint32_t timestamp;
    uint32_t csrc;
    bool marker;
    std::string payload;
};

// Everybody has one transport, speaks as csrc 1, 2, ... and listens in slots.
struct SlotRoom {
    struct Person {
        std::unique_ptr<ModelPeer> peer;
        uint64_t transport, producer, consumer;
        uint32_t csrc;
        uint16_t sequence_number = 100;
        int8_t dbov = kSilence;
        std::map<uint32_t, std::vector<Heard>> heard = {};  // by SSRC
    };

    Fixture world;
    std::vector<Person> people;

    SlotRoom(size_t count, size_t slots) {
        REQUIRE(world.create_router(1).ok());
        for (size_t i = 0; i < count; ++i) join(slots);
    }

    Person& join(size_t slots) {
        const uint64_t i = people.size();
        Person who{nullptr, 10 + i, 100 + i, 1000 + 10 * i, static_cast<uint32_t>(i + 1)};
        who.peer =
            std::make_unique<ModelPeer>(world, 1, who.transport, static_cast<uint16_t>(5000 + i));
        REQUIRE(
            world.produce(who.transport, who.producer, {ssrc_of(who)}, "", false, who.csrc).ok());
        if (slots > 0) {
            REQUIRE(world.consume_slots(who.transport, who.consumer, slots, who.csrc).ok());
        }
        people.push_back(std::move(who));
        return people.back();
    }

    static uint32_t ssrc_of(const Person& who) { return 0x1000 + who.csrc; }

    Packet packet_of(const Person& who) const {
        return {.ssrc = ssrc_of(who),
                .sequence_number = who.sequence_number,
                .timestamp = 960u * who.sequence_number,
                .payload = "voice " + std::to_string(who.csrc),
                .dbov = who.dbov};
    }

    // Everybody sends a packet every 20 ms, as loud as they are now.
    void pass(base::Duration time) {
        for (base::Duration at = 0us; at < time; at += 20ms) {
            for (Person& who : people) {
                who.peer->send_rtp(rtp_bytes(packet_of(who)));
                ++who.sequence_number;
            }
            for (Person& who : people) listen(who);
            world.pass(20ms);
        }
    }

    void listen(Person& who) {
        for (const Bytes& bytes : who.peer->receive_rtp()) {
            const auto view = rtp::parse_rtp(bytes);
            REQUIRE(view);
            REQUIRE(view->csrcs.size() <= 4);
            const uint32_t csrc = view->csrcs.empty() ? 0 : base::ByteReader(view->csrcs).u32();
            who.heard[view->ssrc].push_back({view->sequence_number, view->timestamp, csrc,
                                             view->marker,
                                             std::string(base::as_text(view->payload))});
        }
    }

    // Whose voices this one has heard since the last call.
    std::set<uint32_t> speakers_heard_by(size_t listener) {
        std::set<uint32_t> who;
        for (const auto& [ssrc, packets] : people[listener].heard) {
            for (const Heard& packet : packets) {
                CHECK(packet.payload == "voice " + std::to_string(packet.csrc));
                who.insert(packet.csrc);
            }
        }
        people[listener].heard.clear();
        return who;
    }

    void check_sums() const {
        const auto& counters = world.engine.counters();
        uint64_t dropped = 0;
        for (size_t i = 0; i < net::kDropKinds; ++i) {
            const bool copy = net::kDropNames[i].starts_with("consumer_");
            if (copy) dropped += counters.drops[static_cast<Drop>(i)];
        }
        CHECK(counters.copies_due == counters.copies_sent + dropped);
    }
};

using Who = std::set<uint32_t>;

}  // namespace

TEST_CASE("everybody hears the loudest, and nobody hears themselves") {
    SlotRoom room(8, 2);
    room.people[2].dbov = kSpeech;
    room.people[4].dbov = kSpeech - 5;
    room.people[5].dbov = kSpeech + 5;
    room.pass(2s);
    for (size_t i = 0; i < 8; ++i) room.speakers_heard_by(i);
    room.pass(1s);
    CHECK(room.speakers_heard_by(0) == Who{3, 6});
    CHECK(room.speakers_heard_by(4) == Who{3, 6});
    CHECK(room.speakers_heard_by(2) == Who{5, 6});
    CHECK(room.speakers_heard_by(5) == Who{3, 5});
    room.check_sums();
}

TEST_CASE("when the speaker changes the stream goes on: numbers, time, marker and CSRC") {
    SlotRoom room(3, 1);
    room.people[1].dbov = kSpeech;
    room.pass(3s);
    room.people[1].dbov = kSilence;
    room.pass(5s);
    room.people[2].dbov = kSpeech;
    room.pass(1s);
    const auto& streams = room.people[0].heard;
    REQUIRE(streams.size() == 1);
    const std::vector<Heard>& stream = streams.begin()->second;
    std::vector<size_t> begins;
    for (size_t i = 0; i < stream.size(); ++i) {
        if (stream[i].marker) begins.push_back(i);
        if (i == 0) continue;
        CHECK(stream[i].sequence_number ==
              static_cast<uint16_t>(stream[i - 1].sequence_number + 1));
        const bool changed = stream[i].csrc != stream[i - 1].csrc;
        // As much time as has passed: five seconds of silence, without the hangover.
        const uint32_t passed = stream[i].timestamp - stream[i - 1].timestamp;
        CHECK(passed == (changed ? 960 * 241 : 960));
        CHECK(stream[i].marker == changed);
    }
    CHECK(begins.size() == 2);
    CHECK(stream.front().csrc == 2);
    CHECK(stream.back().csrc == 3);
    CHECK(room.world.drops(Drop::ConsumerSilent) > 0);
    room.check_sums();
}

TEST_CASE("digital silence is carried a little longer and then not at all") {
    SlotRoom room(2, 1);
    room.people[1].dbov = kSpeech;
    room.pass(1s);
    room.people[0].heard.clear();
    room.people[1].dbov = kSilence;
    room.pass(2s);
    const auto& stream = room.people[0].heard.begin()->second;
    CHECK(stream.size() == 10);
    CHECK(room.world.drops(Drop::ConsumerSilent) >= 90);
    room.check_sums();
}

TEST_CASE("the muted are not heard, the pinned always are, and nobody else notices") {
    SlotRoom room(6, 1);
    room.people[3].dbov = kSpeech;
    room.people[4].dbov = kSpeech - 20;
    room.pass(1s);
    REQUIRE(room.world.set_slot_rules(10, {4}, {}).ok());
    REQUIRE(room.world.set_slot_rules(11, {}, {5, 6}).ok());
    for (size_t i = 0; i < 6; ++i) room.speakers_heard_by(i);
    room.pass(1s);
    CHECK(room.speakers_heard_by(0) == Who{5});
    CHECK(room.speakers_heard_by(1) == Who{5});
    CHECK(room.speakers_heard_by(2) == Who{4});
    // Rules name csrcs, whether anybody has them or not; a pinned one who is muted is muted.
    REQUIRE(room.world.set_slot_rules(11, {5}, {5, 77}).ok());
    room.pass(1s);
    CHECK(room.speakers_heard_by(1) == Who{4});
}

TEST_CASE("classic listeners and those with slots share a router") {
    SlotRoom room(5, 2);
    REQUIRE(room.world.consume(10, 900, 101).ok());
    room.people[1].dbov = kSpeech - 15;
    for (size_t i = 2; i < 5; ++i) room.people[i].dbov = kSpeech;
    room.pass(2s);
    CHECK(room.people[0].heard.size() == 3);
    size_t classic = 0;
    for (const auto& [ssrc, stream] : room.people[0].heard) classic += stream.back().csrc == 0;
    CHECK(classic == 1);
    room.check_sums();
}

TEST_CASE("a speaker who leaves is not heard, and the slot is another's at once") {
    SlotRoom room(4, 1);
    room.people[1].dbov = kSpeech;
    room.people[2].dbov = kSpeech - 10;
    room.pass(2s);
    REQUIRE(room.world.close_producer(101).ok());
    room.speakers_heard_by(0);
    room.pass(100ms);
    CHECK(room.speakers_heard_by(0) == Who{3});
    REQUIRE(room.world.close_transport(12).ok());
    REQUIRE(room.world.close_transport(10).ok());
    REQUIRE(room.world.close_transport(13).ok());
    CHECK(room.world.engine.media().consumers() == 1);  // of who said nothing more and stayed
}

TEST_CASE("a slot that is closed makes the others no other") {
    SlotRoom room(5, 3);
    for (size_t i = 1; i < 5; ++i) room.people[i].dbov = static_cast<int8_t>(kSpeech + 4 * i);
    room.pass(2s);
    REQUIRE(room.world.close_consumer(1000).ok());
    room.speakers_heard_by(0);
    room.pass(500ms);
    CHECK(room.people[0].heard.size() == 2);
    REQUIRE(room.world.close_consumer(1001).ok());
    REQUIRE(room.world.close_consumer(1002).ok());
    CHECK(room.world.set_slot_rules(10, {}, {})->error() == pipe::ErrorCode::WrongState);
    CHECK(room.world.consume_slots(10, 2000, 1, 1).ok());
}

TEST_CASE("a quiet voice that nobody hears is dropped before it is decrypted, but not lost") {
    SlotRoom room(4, 1);
    room.people[3].dbov = kSpeech;
    room.pass(1s);
    const uint64_t before = room.world.drops(Drop::RtpQuiet);
    room.pass(10s);
    // Of two who say nothing: the third has the slot of the speaker, who does not hear himself.
    // One in kPassedOver is read all the same.
    CHECK(room.world.drops(Drop::RtpQuiet) - before > 2 * 500 * 9 / 10);
    room.people[1].peer->receive_rtcp();
    room.world.pass(2s);
    const auto compounds = room.people[1].peer->receive_rtcp();
    REQUIRE_FALSE(compounds.empty());
    base::ByteReader in(compounds.back());
    bool reported = false;
    while (const auto packet = rtcp::parse_rtcp(in)) {
        const auto rr = rtcp::parse_receiver_report(*packet);
        if (!rr) continue;
        reported = true;
        CHECK(rr->blocks[0].cumulative_lost == 0);
        CHECK(rr->blocks[0].fraction_lost == 0);
    }
    CHECK(reported);
    // The first word after ten seconds is heard, at the first packet.
    room.people[3].dbov = kSilence;
    room.pass(5s);
    room.speakers_heard_by(0);
    room.people[1].dbov = kSpeech;
    room.pass(20ms);
    CHECK(room.speakers_heard_by(0) == Who{2});
}

TEST_CASE("quiet packets do not lose the rollover of their numbers") {
    SlotRoom room(3, 1);
    room.people[2].dbov = kSpeech;
    room.people[1].sequence_number = 65'000;
    room.pass(20s);
    room.people[2].dbov = kSilence;
    room.pass(5s);
    room.speakers_heard_by(0);
    room.people[1].dbov = kSpeech;
    room.pass(100ms);
    CHECK(room.speakers_heard_by(0) == Who{2});
    CHECK(room.world.drops(Drop::SrtpUnauthenticated) == 0);
}

TEST_CASE("a level that is not authentic gives nobody a slot, and takes no packet's place") {
    SlotRoom room(3, 1);
    room.people[2].dbov = kSpeech;
    room.pass(1s);
    SlotRoom::Person& quiet = room.people[1];
    for (int i = 0; i < 200; ++i) {
        Packet loud = room.packet_of(quiet);
        loud.dbov = int8_t{-5};
        loud.sequence_number = static_cast<uint16_t>(quiet.sequence_number + i % 10);
        Bytes forged = rtp_bytes(loud);
        forged.resize(forged.size() + 16);
        room.world.deliver(quiet.peer->path(), forged);
        loud.dbov = kSilence;
        forged = rtp_bytes(loud);
        forged.resize(forged.size() + 16);
        room.world.deliver(quiet.peer->path(), forged);
    }
    room.speakers_heard_by(0);
    room.pass(200ms);
    CHECK(room.speakers_heard_by(0) == Who{3});
    // The true packets with the numbers of the forged ones are heard.
    room.people[2].dbov = kSilence;
    room.pass(5s);
    room.speakers_heard_by(0);
    quiet.dbov = kSpeech;
    room.pass(200ms);
    CHECK(room.speakers_heard_by(0) == Who{2});
    CHECK(room.world.drops(Drop::RtpDuplicate) == 0);
    CHECK(room.world.drops(Drop::SrtpReplayed) == 0);
}

TEST_CASE("observers name who is loud, whether anybody hears them or not") {
    SlotRoom room(5, 1);
    FlatBufferBuilder fbb;
    REQUIRE(room.world
                .ask(fbb, pipe::CreateCreateObserver(fbb, 1, 40, pipe::ObserverKind::AudioLevel,
                                                     250, -60, 10))
                .ok());
    for (auto& who : room.people) who.dbov = kSpeech - 20;
    room.people[0].dbov = kSpeech;
    room.people[4].dbov = -64;
    room.pass(1s);
    room.world.engine.take_frames();
    room.pass(300ms);
    std::set<uint64_t> named;
    for (const Bytes& bytes : room.world.frames_to(kController)) {
        const auto* frame = flatbuffers::GetRoot<pipe::Frame>(bytes.data());
        for (const auto* notification : *frame->notifications()) {
            const auto* volumes = notification->body_as_Volumes();
            if (!volumes) continue;
            for (const auto* volume : *volumes->volumes()) named.insert(volume->producer_id());
        }
    }
    CHECK(named == std::set<uint64_t>{100, 101, 102, 103});
    CHECK(room.world.drops(Drop::RtpQuiet) > 0);
}

TEST_CASE("a controller is told who has which slot, together and not too often") {
    SlotRoom room(3, 1);
    room.world.pass(1s);
    room.world.engine.take_frames();
    std::map<uint64_t, std::vector<uint32_t>> told;
    size_t notices = 0;
    const auto take = [&] {
        for (const Bytes& bytes : room.world.frames_to(kController)) {
            const auto* frame = flatbuffers::GetRoot<pipe::Frame>(bytes.data());
            if (!frame->notifications()) continue;
            for (const auto* notification : *frame->notifications()) {
                const auto* speakers = notification->body_as_SlotSpeakers();
                if (!speakers) continue;
                ++notices;
                for (const auto* slot : *speakers->slots()) {
                    CHECK(slot->transport_id() == 10 + (slot->consumer_id() - 1000) / 10);
                    told[slot->consumer_id()].push_back(slot->csrc());
                }
            }
        }
    };
    room.people[2].dbov = kSpeech;
    for (int i = 0; i < 50; ++i) room.pass(20ms), take();
    CHECK(notices <= 2);
    CHECK(told[1000] == std::vector<uint32_t>{3});
    CHECK(told[1010] == std::vector<uint32_t>{3});
    REQUIRE(room.world.close_transport(12).ok());
    room.world.pass(200ms);
    take();
    CHECK(told[1000].back() == 2);
    CHECK(told[1010].back() == 1);
}

TEST_CASE("a snapshot says who listens in which slots, and by what rules") {
    SlotRoom room(2, 2);
    REQUIRE(room.world.set_slot_rules(10, {7, 8}, {9}).ok());
    const Replied reply = room.world.snapshot();
    const auto* transports = reply->body_as_Snapshot()->routers()->Get(0)->transports();
    const auto* ada = transports->Get(0);
    CHECK(ada->consumers()->size() == 0);
    CHECK(ada->producers()->Get(0)->csrc() == 1);
    REQUIRE(ada->slots()->size() == 2);
    CHECK(ada->slots()->Get(0)->consumer_id() == 1000);
    CHECK(ada->slots()->Get(0)->mid()->str() == "1000");
    CHECK(ada->slots()->Get(0)->csrc() == 2);
    CHECK(ada->slots()->Get(1)->csrc() == 0);
    CHECK(ada->muted()->size() == 2);
    CHECK(ada->pinned()->Get(0) == 9);
    const Replied stats = room.world.transport_stats(10);
    CHECK(stats->body_as_TransportStats()->consumers()->size() == 2);
}

TEST_CASE("hostile requests about slots are refused and change nothing") {
    Fixture world;
    REQUIRE(world.create_router(1).ok());
    REQUIRE(world.create_transport(1, 10).ok());
    using Code = pipe::ErrorCode;
    CHECK(world.consume_slots(11, 1000, 3, 1)->error() == Code::NotFound);
    CHECK(world.consume_slots(10, 1000, 0, 1)->error() == Code::Malformed);
    CHECK(world.consume_slots(10, 1000, 9, 1)->error() == Code::Malformed);
    CHECK(world.set_slot_rules(10, {}, {})->error() == Code::WrongState);
    CHECK(world.set_slot_rules(99, {}, {})->error() == Code::NotFound);
    FlatBufferBuilder fbb;
    CHECK(world.ask(fbb, pipe::CreateConsumeSlots(fbb, 10))->error() == Code::Malformed);
    FlatBufferBuilder twice;
    const std::vector<flatbuffers::Offset<pipe::Slot>> same = {
        pipe::CreateSlotDirect(twice, 5, "1"), pipe::CreateSlotDirect(twice, 5, "2")};
    CHECK(world.ask(twice, pipe::CreateConsumeSlotsDirect(twice, 10, &same))->error() ==
          Code::AlreadyExists);
    FlatBufferBuilder nameless;
    const std::vector<flatbuffers::Offset<pipe::Slot>> long_mid = {
        pipe::CreateSlotDirect(nameless, 5, "12345678901234567")};
    CHECK(world.ask(nameless, pipe::CreateConsumeSlotsDirect(nameless, 10, &long_mid))->error() ==
          Code::Malformed);
    CHECK(world.engine.media().consumers() == 0);

    REQUIRE(world.consume_slots(10, 1000, 3, 1).ok());
    CHECK(world.consume_slots(10, 2000, 3, 1)->error() == Code::WrongState);
    CHECK(world.set_slot_rules(10, std::vector<uint32_t>(1'001), {})->error() ==
          Code::LimitReached);
    CHECK(world.set_slot_rules(10, {}, std::vector<uint32_t>(9, 5))->error() == Code::LimitReached);
    CHECK(world.set_slot_rules(10, {0, 0, 1}, {0, 0, 1}).ok());
    CHECK(world.engine.media().consumers() == 3);
}

TEST_CASE("mutated requests about slots are refused or answered, and break nothing") {
    Fixture world;
    REQUIRE(world.create_router(1).ok());
    REQUIRE(world.create_transport(1, 10).ok());
    REQUIRE(world.produce(10, 20, {0x1111}, "0", false, 5).ok());
    FlatBufferBuilder fbb;
    const std::vector<uint32_t> numbers = {5, 6, 7};
    std::vector<flatbuffers::Offset<pipe::Slot>> slots;
    for (uint64_t id = 30; id < 33; ++id) {
        slots.push_back(pipe::CreateSlotDirect(fbb, id, std::to_string(id).c_str()));
    }
    const auto consume = pipe::CreateConsumeSlotsDirect(fbb, 10, &slots, 1, 100, nullptr, "cname",
                                                        true, &numbers, &numbers);
    const Bytes good = frame_of(fbb, 5, pipe::RequestBody::ConsumeSlots, consume.Union());
    base::SeededRandom random(4);
    engine::ControllerId controller = 100;
    size_t answered = 0;
    for (int i = 0; i < 10'000; ++i) {
        Bytes bad = good;
        for (uint64_t flips = 1 + random.below(4); flips > 0; --flips) {
            bad[random.below(bad.size())] = static_cast<uint8_t>(random.u32());
        }
        if (random.below(4) == 0) bad.resize(random.below(bad.size() + 1));
        world.engine.on_controller_connected(world.now, ++controller);
        REQUIRE(world.engine.on_frame(world.now, controller, hello_frame(), world.out));
        answered += world.engine.on_frame(world.now, controller, bad, world.out);
        world.engine.on_controller_gone(world.now, controller);
        world.engine.take_frames();
        world.engine.ensure_invariants();
    }
    CHECK(answered > 0);
    CHECK(answered < 10'000);
}
