#include "common/cluster/codec.h"

#include <doctest/doctest.h>

#include "tests/unit/cluster/samples.h"

using namespace parley;
using namespace parley::cluster;

namespace {

std::string why_not(std::string_view body, Origin origin = Origin::App) {
    const auto command = parse_command(body, origin);
    return command ? "" : command.error();
}

template <typename T>
T app(std::string_view body, const RoomOptions& defaults = {}) {
    const auto command = parse_command(body, Origin::App, defaults);
    REQUIRE(command);
    REQUIRE(std::holds_alternative<T>(*command));
    return std::get<T>(*command);
}

}  // namespace

TEST_CASE("every command is read back as it was written") {
    for (const Command& command : samples::commands()) {
        const std::string text = write(command);
        CAPTURE(text);
        const bool from_app = command.index() < Command(RoomOpen{}).index();
        const auto read = parse_command(text, from_app ? Origin::App : Origin::Service);
        REQUIRE(read);
        CHECK(read->index() == command.index());
        CHECK(write(*read) == text);
    }
}

TEST_CASE("a room is asked for as the app writes it, and defaults fill in what it leaves out") {
    const RoomOptions defaults{.max_peers = 9, .empty_timeout = 500ms};
    const auto create = app<RoomCreate>(
        R"({"type":"room.create","room":"standup","options":{"metadata":{"a":1},"region":"eu"}})",
        defaults);
    CHECK(create.room == "standup");
    CHECK(create.options.max_peers == 9);
    CHECK(create.options.empty_timeout == 500ms);
    CHECK(create.options.metadata == R"({"a":1})");
    CHECK(create.options.region == "eu");
    CHECK(app<RoomCreate>(R"({"type":"room.create"})", defaults).options == defaults);
    const auto timed =
        app<RoomCreate>(R"({"type":"room.create","options":{"emptyTimeout":0,"maxPeers":null}})");
    CHECK(timed.options.empty_timeout == 0s);
    CHECK(timed.options.max_peers == 0);
}

TEST_CASE("a room.open carries its options whole, to the millisecond") {
    const RoomOptions odd{.max_peers = 0, .empty_timeout = 1'500ms, .metadata = "[1]"};
    const auto read = parse_command(write(RoomOpen{"a", 3, odd}), Origin::Service);
    REQUIRE(read);
    CHECK(std::get<RoomOpen>(*read).options == odd);
    CHECK(std::get<RoomOpen>(*read).epoch == 3);
    const auto full = parse_command(write(RoomOpen{"a", 3, samples::options()}), Origin::Service);
    REQUIRE(full);
    CHECK(std::get<RoomOpen>(*full).options == samples::options());
}

TEST_CASE("what the app gets wrong is named") {
    CHECK(why_not(R"({"type":"room.create","room":"a b"})") ==
          "room.create.room: wanted 1 to 64 characters of A-Z a-z 0-9 _ . : -");
    CHECK(why_not(R"({"type":"room.create","rom":"a"})") ==
          R"(room.create: no member is called "rom")");
    CHECK(why_not(R"({"type":"room.create","options":{"maxPears":3}})")
              .find(R"(options: no member is called "maxPears")") != std::string::npos);
    CHECK(why_not(R"({"type":"room.create","options":[]})").find("wanted an object") !=
          std::string::npos);
    CHECK(why_not(R"({"type":"room.create","options":{"maxPeers":10001}})").find("10000") !=
          std::string::npos);
    CHECK(why_not(R"({"type":"room.close"})").find("room.close.room") == 0);
    CHECK(why_not(R"({"type":"room.list","limit":0})") == "room.list.limit: wanted 1 to 1000");
    CHECK(why_not(R"({"type":"peer.add","room":"a","name":"x\ny"})") ==
          "peer.add.name: wanted no control characters");
    CHECK(why_not(R"({"type":"peer.add","room":"a","ttl":0})").find("ttl") != std::string::npos);
    CHECK(why_not(R"({"type":"peer.mute","room":"a","peer":"b"})").find("muted") !=
          std::string::npos);
    CHECK(why_not(R"({"type":"server.list","x":1})").find("\"x\"") != std::string::npos);
    CHECK(why_not(R"({"type":"server.drain","server":"s","deadline":-1})").find("deadline") !=
          std::string::npos);
    CHECK(why_not(R"({"type":"room.explode"})") == "command.type: there is no such command");
    CHECK(why_not(R"({"room":"a"})").find("command.type") == 0);
    CHECK(why_not("[]") == "command: wanted an object");
    CHECK(!why_not("").empty());
}

TEST_CASE("metadata is bounded in bytes and in depth") {
    const auto with = [](const std::string& metadata) {
        return why_not(R"({"type":"room.create","options":{"metadata":)" + metadata + "}}");
    };
    CHECK(with("\"" + std::string(4'094, 'x') + "\"").empty());
    CHECK(!with("\"" + std::string(4'095, 'x') + "\"").empty());
    CHECK(with(std::string(16, '[') + std::string(16, ']')).empty());
    CHECK(!with(std::string(17, '[') + std::string(17, ']')).empty());
}

TEST_CASE("services may say more than we know, the app may not") {
    CHECK(why_not(R"({"type":"room.close","room":"a","later":1})", Origin::Service).empty());
    CHECK(!why_not(R"({"type":"room.close","room":"a","later":1})", Origin::App).empty());
    const std::string open =
        R"({"type":"room.open","room":"a","epoch":1,"options":{"emptyTimeoutMs":5,"later":{}}})";
    CHECK(why_not(open, Origin::Service).empty());
    CHECK(why_not(open, Origin::App) == "room.open is not for the app");
    CHECK(why_not(R"({"type":"beat.wanted"})", Origin::App) == "beat.wanted is not for the app");
    CHECK(!why_not(R"({"type":"room.open","room":"a","epoch":0})", Origin::Service).empty());
}

TEST_CASE("what services of a later version say more, anywhere in it, is passed over") {
    for (const Command& command : samples::commands()) {
        const std::string text = samples::of_later_version(write(command));
        CAPTURE(text);
        const bool has_options = std::holds_alternative<RoomCreate>(command);  // the app's own
        const auto read = parse_command(text, Origin::Service);
        CHECK(static_cast<bool>(read) != has_options);
        if (read) CHECK(read->index() == command.index());
    }
    const Beat beat = samples::beat();
    const auto read = parse_beat(samples::of_later_version(write(beat)));
    REQUIRE(read);
    CHECK(read->load == beat.load);
    CHECK(read->rooms.size() == beat.rooms.size());
    CHECK(read->rooms[0].overflow == beat.rooms[0].overflow);
    CHECK(read->drain_left == beat.drain_left);
    const auto event = parse_event(samples::of_later_version(write(samples::event())));
    REQUIRE(event);
    CHECK(event->epoch == samples::event().epoch);
    for (const Answer& answer : samples::answers()) {
        CHECK(parse_answer(samples::of_later_version(write(answer))));
    }
}

TEST_CASE("answers are read back, good and bad") {
    for (const Answer& answer : samples::answers()) {
        const auto read = parse_answer(write(answer));
        REQUIRE(read);
        CHECK(read->refusal.has_value() == answer.refusal.has_value());
        if (!answer.refusal) CHECK(read->data == answer.data);
        if (answer.refusal) CHECK(read->refusal->code == answer.refusal->code);
        if (answer.refusal) CHECK(read->refusal->reason == answer.refusal->reason);
    }
    CHECK(!parse_answer(R"({"ok":false})"));
    CHECK(!parse_outcome(R"({"ok":false})"));
    CHECK(parse_outcome(R"({"ok":true,"data":[1]})").ok());
    CHECK((*parse_outcome(R"({"ok":false,"error":{"code":404,"reason":"no"}})"))->code == 404);
    CHECK(!parse_answer(R"({"ok":false,"error":{"code":200,"reason":"x"}})"));
    CHECK(!parse_answer(R"({"data":1})"));
}

TEST_CASE("the place of a room is read back") {
    JsonWriter json;
    write(json, samples::place());
    const auto document = JsonDocument::parse(json.take());
    REQUIRE(document);
    const auto read = read_room_place(document->root());
    REQUIRE(read);
    CHECK(*read == samples::place());
    CHECK(!read_room_place(document->root()["options"]));
}

TEST_CASE("where somebody is is read back, with a worker, with a lent one, with none") {
    const Instant since = Instant::from_micros(1'795'259'533'456'789);
    const std::vector<PeerPlace> peers = {
        {"standup", "ada", "Ada\n\"Λ\"", "server-1", 3, "", true, true, since},
        {"standup", "bob", "", "server-1", std::nullopt, "server-2", true, false, since},
        {"retro", "cat", "Cat", "server-1", std::nullopt, "", false, true, since}};
    const auto document = JsonDocument::parse(write_peer_places(peers));
    REQUIRE(document);
    CHECK(read_peer_places(document->root()).value() == peers);
    for (const char* wrong : {"{}", "null", R"({"peers":[{}]})", R"({"peers":[null]})",
                              R"({"peers":[{"room":"a b"}]})"}) {
        CAPTURE(wrong);
        CHECK(!read_peer_places(JsonDocument::parse(wrong)->root()));
    }
}

TEST_CASE("peers are found in one room, or by whoever they are") {
    const auto why_not = [](const char* body, Origin origin) {
        const auto command = parse_command(body, origin);
        return command ? std::string() : command.error();
    };
    const char* anywhere = R"({"type":"peer.find","peer":"ada"})";
    CHECK(why_not(anywhere, Origin::App) == "peer.find.room: wanted a room");
    CHECK(why_not(anywhere, Origin::Service).empty());
    CHECK(why_not(R"({"type":"peer.find"})", Origin::Service) ==
          "peer.find.peer: wanted whom to find");
    CHECK(!why_not(R"({"type":"peer.find","room":"a","limit":0})", Origin::App).empty());
    CHECK(!why_not(R"({"type":"peer.find","room":"a","limit":1001})", Origin::App).empty());
}

TEST_CASE("the answer to a room.open is a room, or why there is none") {
    const RoomPlace room{.room = "standup",
                         .home = "server-1",
                         .epoch = 7,
                         .signalling = "wss://one/",
                         .peers = 3,
                         .created = Instant::from_micros(1'795'259'533'456'789),
                         .options = {.max_peers = 25}};
    JsonWriter data;
    write(data, room);
    const auto read = parse_room_answer(write(Answer{{}, data.take()}));
    REQUIRE(read);
    CHECK_FALSE(read->refusal);
    CHECK(read->room == room);
    CHECK(parse_room_answer(write(Answer{Refusal{503, "draining"}}))->refusal->code == 503);
    CHECK(!parse_room_answer(R"({"ok":true,"data":null})"));
    CHECK(!parse_room_answer(R"({"ok":true,"data":{"room":"standup"}})"));
    CHECK(!parse_room_answer(R"({"ok":true)"));
}

TEST_CASE("a beat is read back, every number of it") {
    const Beat beat = samples::beat();
    const auto read = parse_beat(write(beat));
    REQUIRE(read);
    CHECK(read->server == beat.server);
    CHECK(read->incarnation == beat.incarnation);
    CHECK(read->number == beat.number);
    CHECK(read->region == beat.region);
    CHECK(read->version == beat.version);
    CHECK(read->signalling == beat.signalling);
    CHECK(read->link == beat.link);
    CHECK(read->link_key == beat.link_key);
    CHECK(read->state == beat.state);
    CHECK(read->load == beat.load);
    CHECK(read->whole == beat.whole);
    CHECK(read->rooms == beat.rooms);
    CHECK(read->closed == beat.closed);
    CHECK(read->released == beat.released);
    CHECK(read->drain_left == beat.drain_left);
    CHECK(read->leaving == beat.leaving);
}

TEST_CASE("a beat of an older server says nothing of its workers, nor where its rooms overflow") {
    Beat beat = samples::beat();
    beat.load.each.clear();
    beat.rooms[0].overflow.clear();
    const std::string text = write(beat);
    CHECK(text.find("each") == std::string::npos);
    CHECK(text.find("overflow") == std::string::npos);
    const auto read = parse_beat(text);
    REQUIRE(read);
    CHECK(read->load.each.empty());
    CHECK(read->rooms[0].overflow.empty());
}
TEST_CASE("a beat that contradicts itself is refused") {
    Beat beat = samples::beat();
    beat.whole = true;
    CHECK(parse_beat(write(beat)).error() == "beat.closed: wanted nothing in a whole beat");
    beat = samples::beat();
    beat.number = 0;
    CHECK(!parse_beat(write(beat)));
    beat = samples::beat();
    beat.rooms[1].room = "not an id";
    CHECK(parse_beat(write(beat)).error().find("rooms") != std::string::npos);
    beat = samples::beat();
    beat.load.used = -1;
    CHECK(parse_beat(write(beat)).error().find("load.used") != std::string::npos);
    beat = samples::beat();
    beat.closed = {""};
    CHECK(!parse_beat(write(beat)));
    beat = samples::beat();
    beat.released = {"not an id"};
    CHECK(parse_beat(write(beat)).error() == "beat.released: wanted ids of rooms");
    beat = samples::beat();
    beat.rooms[0].overflow = {"not an id"};
    CHECK(parse_beat(write(beat)).error().find("overflow") != std::string::npos);
    beat = samples::beat();
    beat.load.each = {0.5, -1};
    CHECK(parse_beat(write(beat)).error().find("load.each") != std::string::npos);
    beat.load.each.assign(kWorkersMost + 1, 0.5);
    CHECK(!parse_beat(write(beat)));
}

TEST_CASE("an event is read back, with a room and without") {
    const Event event = samples::event();
    const auto read = parse_event(write(event));
    REQUIRE(read);
    CHECK(read->type == event.type);
    CHECK(read->at == event.at);
    CHECK(read->server == event.server);
    CHECK(read->room == event.room);
    CHECK(read->epoch == event.epoch);
    CHECK(read->number == event.number);
    CHECK(read->data == event.data);
    const auto bare = parse_event(write(Event{.type = "server.up", .at = event.at, .server = "s"}));
    REQUIRE(bare);
    CHECK(bare->room.empty());
    CHECK(bare->epoch == 0);
    CHECK(bare->data == "{}");
}
