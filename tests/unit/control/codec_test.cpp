#include "controller/control/codec.h"

#include <doctest/doctest.h>

#include <cstring>

#include "common/base/random.h"
#include "flatbuffers/control_generated.h"

using namespace parley;
using namespace parley::controller;
using namespace parley::controller::control;

namespace {

// Frames arrive aligned, as the shell reads them.
struct Aligned {
    explicit Aligned(base::Bytes bytes) : words((bytes.size() + 7) / 8), size(bytes.size()) {
        if (size > 0) std::memcpy(words.data(), bytes.data(), size);
    }
    base::Bytes bytes() const { return {reinterpret_cast<const uint8_t*>(words.data()), size}; }

    std::vector<uint64_t> words;
    size_t size;
};

std::optional<std::vector<Request>> requests_of(base::Bytes bytes) {
    return parse_requests(Aligned(bytes).bytes());
}
std::optional<std::vector<Reply>> replies_of(base::Bytes bytes) {
    return parse_replies(Aligned(bytes).bytes());
}

const std::vector<Request> kRequests = {
    {1, Hello{.major = 1, .minor = 2, .name = "test"}},
    {2, ListRooms{"after", 7}},
    {3, GetRoom{"standup"}},
    {4, ListPeers{"standup", "ada", 9}},
    {5, ListWorkers{}},
    {6, CloseRoom{"standup"}},
    {7, KickPeer{"standup", "ada", "bye"}},
    {8, MutePeer{"standup", "ada", true}},
    {9, StartDrain{50min, true}},
    {10, StopDrain{}},
    {11, GetDrain{}},
    {12, StartDrain{}},
    {13, StartDrain{{}, false, "s2"}},
    {14, StopDrain{"s2"}},
    {15, GetDrain{"s2"}},
    {16, ExplainRoom{"standup"}},
    {17, DumpRoom{"standup", "ada"}},
};

RoomLine a_room() {
    RoomLine line;
    line.room.id = "standup";
    line.room.options = {.max_peers = 5, .empty_timeout = 90s, .metadata = "{}"};
    line.room.created = Instant::from_micros(1'800'000'000'000'001);
    line.room.workers = {3, 5};
    line.peers = 2;
    return line;
}

PeerInfo a_peer() {
    return {"ada", "Ada", "null", true, true, Instant::from_micros(5), {{"7", true, false}}};
}

WorkerInfo a_worker() {
    WorkerInfo worker;
    worker.index = 1;
    worker.state = WorkerState::Running;
    worker.pid = 2;
    worker.restarts = 3;
    worker.rooms = 4;
    worker.transports = 5;
    worker.producers = 6;
    worker.consumers = 7;
    worker.packets_received = 8;
    worker.bytes_received = 9;
    worker.packets_sent = 10;
    worker.bytes_sent = 11;
    worker.rtp_packets_received = 12;
    worker.rtp_packets_sent = 13;
    worker.handshakes_completed = 14;
    worker.handshakes_failed = 15;
    worker.drops = {{"too_long", 16}};
    worker.cpu_ns = 17;
    worker.resident_bytes = 18;
    worker.loop_delay_max = base::Duration(19);
    worker.loop_delay_mean = base::Duration(20);
    worker.speaks = {21, 22};
    return worker;
}

const std::vector<Reply> kReplies = {{1, Done{}},
                                     {2, HelloReply{1, 5}},
                                     {3, Rooms{{a_room()}, true}},
                                     {4, a_room()},
                                     {5, Peers{{a_peer()}, true}},
                                     {6, Workers{{a_worker()}}},
                                     {7, Error{ErrorCode::NotFound, "no such room"}},
                                     {8, DrainState{cluster::ServerState::Drained, 3, 4, 9s}},
                                     {9, Report{"{}"}}};

}  // namespace

TEST_CASE("requests cross the wire with all they say") {
    const auto read = requests_of(write_requests(kRequests));
    REQUIRE(read);
    REQUIRE(read->size() == kRequests.size());
    for (size_t i = 0; i < read->size(); ++i) {
        CHECK((*read)[i].id == kRequests[i].id);
        CHECK((*read)[i].body.index() == kRequests[i].body.index());
    }
    const auto& hello = std::get<Hello>((*read)[0].body);
    CHECK((hello.major == 1 && hello.minor == 2 && hello.name == "test"));
    const auto& rooms = std::get<ListRooms>((*read)[1].body);
    CHECK((rooms.after == "after" && rooms.limit == 7));
    CHECK(std::get<GetRoom>((*read)[2].body).room == "standup");
    const auto& peers = std::get<ListPeers>((*read)[3].body);
    CHECK((peers.room == "standup" && peers.after == "ada" && peers.limit == 9));
    CHECK(std::get<CloseRoom>((*read)[5].body).room == "standup");
    const auto& kick = std::get<KickPeer>((*read)[6].body);
    CHECK((kick.room == "standup" && kick.peer == "ada" && kick.reason == "bye"));
    const auto& mute = std::get<MutePeer>((*read)[7].body);
    CHECK((mute.room == "standup" && mute.peer == "ada" && mute.muted));
    CHECK(std::get<StartDrain>((*read)[12].body).server == "s2");
    CHECK(std::get<StopDrain>((*read)[13].body).server == "s2");
    CHECK(std::get<GetDrain>((*read)[14].body).server == "s2");
    CHECK(std::get<ExplainRoom>((*read)[15].body).room == "standup");
    const auto& dump = std::get<DumpRoom>((*read)[16].body);
    CHECK((dump.room == "standup" && dump.peer == "ada"));
    const auto& drain = std::get<StartDrain>((*read)[8].body);
    CHECK((drain.deadline == 50min && drain.for_good));
    const auto& patient = std::get<StartDrain>((*read)[11].body);
    CHECK((!patient.deadline && !patient.for_good));
}

TEST_CASE("replies cross the wire with all they say") {
    const auto read = replies_of(write_replies(kReplies));
    REQUIRE(read);
    REQUIRE(read->size() == kReplies.size());
    CHECK(std::get<HelloReply>((*read)[1].body).minor == 5);
    const auto& rooms = std::get<Rooms>((*read)[2].body);
    CHECK(rooms.more);
    for (const RoomLine& line : {rooms.rooms.at(0), std::get<RoomLine>((*read)[3].body)}) {
        CHECK(line.room.id == "standup");
        CHECK(line.room.options == a_room().room.options);
        CHECK(line.room.created == a_room().room.created);
        CHECK(line.room.workers == std::vector<WorkerIndex>{3, 5});
        CHECK(line.peers == 2);
    }
    const auto& peers = std::get<Peers>((*read)[4].body);
    CHECK(peers.more);
    const PeerInfo& peer = peers.peers.at(0);
    CHECK((peer.id == "ada" && peer.display_name == "Ada" && peer.device == "null"));
    CHECK((peer.joined && peer.connected && peer.since == a_peer().since));
    CHECK(peer.producers.at(0).id == "7");
    CHECK(peer.producers.at(0).paused);
    CHECK(!peer.producers.at(0).muted);
    const auto& error = std::get<Error>((*read)[6].body);
    CHECK((error.code == ErrorCode::NotFound && error.reason == "no such room"));
    const auto& drain = std::get<DrainState>((*read)[7].body);
    CHECK(drain.state == cluster::ServerState::Drained);
    CHECK((drain.rooms == 3 && drain.peers == 4 && drain.left == 9s));
}

TEST_CASE("each number of a worker arrives as itself") {
    const auto read = replies_of(write_replies(kReplies));
    REQUIRE(read);
    const WorkerInfo& worker = std::get<Workers>((*read)[5].body).workers.at(0);
    CHECK(worker.index == 1);
    CHECK(worker.state == WorkerState::Running);
    const uint64_t numbers[] = {worker.pid,
                                worker.restarts,
                                worker.rooms,
                                worker.transports,
                                worker.producers,
                                worker.consumers,
                                worker.packets_received,
                                worker.bytes_received,
                                worker.packets_sent,
                                worker.bytes_sent,
                                worker.rtp_packets_received,
                                worker.rtp_packets_sent,
                                worker.handshakes_completed,
                                worker.handshakes_failed,
                                worker.drops.at(0).second,
                                worker.cpu_ns,
                                worker.resident_bytes,
                                static_cast<uint64_t>(worker.loop_delay_max.count()),
                                static_cast<uint64_t>(worker.loop_delay_mean.count()),
                                worker.speaks.major,
                                worker.speaks.minor};
    uint64_t expected = 2;
    for (const uint64_t number : numbers) CHECK(number == expected++);
    CHECK(worker.drops.at(0).first == "too_long");
}

TEST_CASE("what is no frame is refused") {
    CHECK(!requests_of({}));
    CHECK(!replies_of({}));
    const std::vector<uint8_t> zeros(64, 0);
    CHECK(!requests_of(zeros));
    CHECK(!requests_of(write_replies(kReplies)));
    CHECK(!replies_of(write_requests(kRequests)));
    const std::vector<uint8_t> whole = write_requests(kRequests);
    // The last bytes may be padding, which nobody misses.
    for (size_t size = 0; size + 8 <= whole.size(); ++size) {
        CHECK(!requests_of(base::Bytes(whole).first(size)));
    }
}

TEST_CASE("a request without a body is refused, a body without its texts is empty") {
    namespace wire = parley::control;
    for (const bool with_body : {false, true}) {
        flatbuffers::FlatBufferBuilder to;
        const auto body = wire::CreateKickPeer(to).Union();
        const auto request = with_body
                                 ? wire::CreateRequest(to, 1, wire::RequestBody::KickPeer, body)
                                 : wire::CreateRequest(to, 1);
        const std::vector<flatbuffers::Offset<wire::Request>> requests = {request};
        to.Finish(wire::CreateFrame(to, to.CreateVector(requests)));
        const auto read = requests_of({to.GetBufferPointer(), to.GetSize()});
        REQUIRE(read.has_value() == with_body);
        if (read) CHECK(std::get<KickPeer>(read->at(0).body).peer == "");
    }
}

TEST_CASE("mangled frames are refused or read, and never read past their end") {
    base::SeededRandom random(3);
    const std::vector<uint8_t> frames[] = {write_requests(kRequests), write_replies(kReplies)};
    size_t read = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::vector<uint8_t> frame = frames[random.below(2)];
        for (uint64_t n = 1 + random.below(6); n > 0; --n) {
            frame[random.below(frame.size())] = static_cast<uint8_t>(random.below(256));
        }
        if (random.below(4) == 0) frame.resize(random.below(frame.size()));
        read += requests_of(frame) ? 1 : 0;
        if (const auto replies = replies_of(frame)) read += write_replies(*replies).size() > 0;
    }
    CHECK(read > 0);
    CHECK(read < 20'000);
}
