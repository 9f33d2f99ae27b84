#include "controller/cluster/presence.h"

#include <doctest/doctest.h>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"
#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::controller::clustering;

namespace {

using cluster::Assignment;

// One server and what it says to the broker.
struct Member {
    explicit Member(Assignment assignment = Assignment::RouterService,
                    base::Duration listen_first = 0s) {
        server.start();
        presence.emplace(server.now,
                         Options{.server = "server-1",
                                 .region = "eu",
                                 .version = "1",
                                 .signalling = "wss://one/",
                                 .link = "",
                                 .assignment = assignment,
                                 .room = {},
                                 .most_rooms = 0,
                                 .listen_first = listen_first},
                         random, [](const cluster::PeerAdd& peer, base::Instant) {
                             return std::optional("token-of-" + peer.peer);
                         });
        presence->on_up(server.now, mail);
        advance(0s);
    }

    void advance(base::Duration by) {
        server.advance(by);
        if (presence->next_deadline() > server.now) return;
        server.call([&](auto& core, base::Instant now, auto& out) {
            presence->on_deadline(now, core, out, mail);
            return 0;
        });
    }
    void deliver(const std::string& queue, const std::string& body, std::string key = "k",
                 std::string traceparent = "") {
        const cluster::Delivery delivery{.tag = ++tag,
                                         .queue = queue,
                                         .key = std::move(key),
                                         .body = body,
                                         .reply_to = "caller",
                                         .correlation_id = "c" + std::to_string(tag),
                                         .traceparent = std::move(traceparent)};
        server.call([&](auto& core, base::Instant now, auto& out) {
            presence->on_delivery(now, delivery, core, out, mail);
            return 0;
        });
    }
    // What the command of a service, or of the app, is answered with.
    cluster::Answer ask(const cluster::Command& command) {
        mail.clear();
        deliver(cluster::server_queue("server-1"), cluster::write(command));
        return answer();
    }
    cluster::Answer ask_app(const std::string& body) {
        mail.clear();
        deliver(std::string(cluster::kRooms), body);
        return answer();
    }
    cluster::Answer answer() {
        const auto sent = sent_to("caller");
        REQUIRE(sent.size() == 1);
        const auto read = cluster::parse_answer(sent[0].body);
        REQUIRE(read);
        return *read;
    }
    std::vector<cluster::Publish> sent_to(const std::string& key) const {
        std::vector<cluster::Publish> sent;
        for (const Output& output : mail) {
            const auto* publish = std::get_if<cluster::Publish>(&output);
            if (publish && publish->key == key) sent.push_back(*publish);
        }
        return sent;
    }
    template <typename T>
    size_t count() const {
        size_t found = 0;
        for (const Output& output : mail) found += std::holds_alternative<T>(output) ? 1 : 0;
        return found;
    }
    cluster::Beat last_beat() const {
        const auto beats = sent_to("load.server-1");
        REQUIRE(!beats.empty());
        const auto beat = cluster::parse_beat(beats.back().body);
        REQUIRE(beat);
        return *beat;
    }

    test::ModelServer server;
    base::SeededRandom random{1};
    std::optional<Presence> presence;
    Mail mail;
    uint64_t tag = 0;
};

cluster::RoomPlace place_in(const cluster::Answer& answer) {
    REQUIRE_FALSE(answer.refusal);
    const auto document = JsonDocument::parse(answer.data);
    REQUIRE(document);
    const auto place = cluster::read_room_place(document->root());
    REQUIRE(place);
    return *place;
}

}  // namespace

TEST_CASE("a room is opened once, under the epoch it is told, and asked again it is that room") {
    Member member;
    const cluster::RoomOptions options{.max_peers = 9, .empty_timeout = 5s};
    const auto first = place_in(member.ask(cluster::RoomOpen{"standup", 7, options}));
    CHECK(first.home == "server-1");
    CHECK(first.epoch == 7);
    CHECK(first.signalling == "wss://one/");
    CHECK(first.options == options);
    CHECK(place_in(member.ask(cluster::RoomOpen{"standup", 6, {}})).epoch == 7);
    CHECK(place_in(member.ask(cluster::RoomOpen{"standup", 9, {}})).epoch == 9);
    CHECK(member.server.events("room.created") == 1);
}

TEST_CASE("a command is done when the broker has its answer, not before") {
    Member member;
    member.ask(cluster::RoomOpen{"standup", 1, {}});
    const auto sent = member.sent_to("caller");
    CHECK(sent[0].correlation_id == "c1");
    CHECK(member.count<cluster::Acknowledge>() == 0);
    member.presence->on_confirmed(sent[0].id, member.mail);
    CHECK(member.count<cluster::Acknowledge>() == 1);
    member.presence->on_confirmed(sent[0].id, member.mail);
    CHECK(member.count<cluster::Acknowledge>() == 1);
}

TEST_CASE("a room that was released is closed, and not opened under an older epoch") {
    Member member;
    member.ask(cluster::RoomOpen{"standup", 3, {}});
    auto& ada = member.server.enter("standup", "ada");
    CHECK(member.ask(cluster::RoomRelease{"standup", 2, "", ""}).refusal->code == 409);
    CHECK_FALSE(member.ask(cluster::RoomRelease{"standup", 4, "s2", "wss://two/"}).refusal);
    CHECK(ada.close_code == 4307);
    CHECK(member.ask(cluster::RoomOpen{"standup", 3, {}}).refusal->code == 409);
    CHECK(place_in(member.ask(cluster::RoomOpen{"standup", 5, {}})).epoch == 5);
}

TEST_CASE("an epoch survives the controller") {
    Member member;
    member.ask(cluster::RoomOpen{"standup", 7, {.empty_timeout = 0s, .region = "eu"}});
    member.server.crash_controller();
    CHECK(member.server.core().epoch("standup") == 7);
    CHECK(member.server.core().reports().at(0).options.region == "eu");
}

TEST_CASE("what can not be read is answered, and goes to the dead with the reason") {
    Member member;
    CHECK(member.ask_app("{").refusal->code == 400);
    CHECK(member.count<cluster::Reject>() == 1);
    CHECK(member.ask_app(R"({"type":"room.open","room":"a","epoch":1})").refusal->code == 400);
}

TEST_CASE("peers are let in, muted and shown out") {
    Member member;
    member.ask(cluster::RoomOpen{"standup", 1, {}});
    const auto added = member.ask(cluster::PeerAdd{.room = "standup", .peer = "ada", .name = ""});
    CHECK(added.data.find(R"("token":"token-of-ada")") != std::string::npos);
    CHECK(added.data.find(R"("url":"wss://one/")") != std::string::npos);
    CHECK(member.ask(cluster::PeerAdd{.room = "none", .peer = "", .name = ""}).refusal->code ==
          404);
    auto& ada = member.server.enter("standup", "ada");
    CHECK_FALSE(member.ask(cluster::PeerMute{"standup", "ada", true}).refusal);
    CHECK_FALSE(member.ask(cluster::PeerKick{"standup", "ada", "spam"}).refusal);
    CHECK(ada.close_code == 4403);
    CHECK(member.ask(cluster::PeerKick{"standup", "ada", ""}).refusal->code == 404);
    CHECK_FALSE(member.ask(cluster::RoomClose{"standup"}).refusal);
    CHECK(member.ask(cluster::RoomGet{"standup"}).refusal->code == 404);
}

TEST_CASE("who is asked where somebody is says the room, and the worker that carries the voice") {
    Member member;
    member.ask(cluster::RoomOpen{"standup", 1, {}});
    member.ask(cluster::RoomOpen{"retro", 1, {}});
    member.server.enter("standup", "ada");
    member.server.enter("retro", "bob");
    const auto found = [&](const cluster::PeerFind& wanted) {
        const cluster::Answer answer = member.ask(wanted);
        REQUIRE_FALSE(answer.refusal);
        return cluster::read_peer_places(JsonDocument::parse(answer.data)->root()).value();
    };
    const auto ada = found({.room = "", .peer = "ada"});
    REQUIRE(ada.size() == 1);
    CHECK(ada[0].room == "standup");
    CHECK(ada[0].server == "server-1");
    CHECK(ada[0].worker == 0);
    CHECK(ada[0].connected);
    CHECK(found({.room = "retro", .peer = ""}).at(0).peer == "bob");
    CHECK(found({.room = "retro", .peer = "ada"}).empty());
    CHECK(member.ask(cluster::PeerFind{"none", "", 10}).refusal->code == 404);
}

TEST_CASE("a beat says how busy each worker is, and which does not run") {
    Member member;
    member.advance(1s);
    const cluster::Load load = member.last_beat().load;
    CHECK(load.each.size() == 1);
    CHECK(load.each[0].has_value());
    member.server.kill_worker(0);
    member.ask(cluster::BeatWanted{});
    member.advance(0s);
    CHECK_FALSE(member.last_beat().load.each.at(0).has_value());
}

TEST_CASE("a beat tells all at first, then what changed, and all again when that is wanted") {
    Member member;
    CHECK(member.last_beat().whole);
    CHECK(member.last_beat().number == 1);
    member.ask(cluster::RoomOpen{"a", 1, {}});
    member.ask(cluster::RoomOpen{"b", 1, {}});
    member.advance(1s);
    CHECK_FALSE(member.last_beat().whole);
    CHECK(member.last_beat().rooms.size() == 2);
    member.ask(cluster::RoomClose{"a"});
    member.advance(1s);
    CHECK(member.last_beat().rooms.empty());
    CHECK(member.last_beat().closed == std::vector<std::string>{"a"});
    member.ask(cluster::BeatWanted{});
    member.advance(0s);
    CHECK(member.last_beat().whole);
    CHECK(member.last_beat().rooms.size() == 1);
    CHECK(member.last_beat().number == 4);
    CHECK(member.last_beat().load.workers == 1);
}

TEST_CASE("a controller that came back says nothing of its rooms before it has found them again") {
    Member member;
    member.ask(cluster::RoomOpen{"standup", 3, {}});
    member.server.enter("standup", "ada");
    member.server.hold_workers = true;  // their snapshots take a while
    member.server.crash_controller();
    member.mail.clear();
    member.advance(1s);
    CHECK(member.sent_to("load.server-1").empty());
    member.server.hold_workers = false;
    member.server.release_all();
    member.advance(50ms);
    const cluster::Beat beat = member.last_beat();
    CHECK(std::any_of(beat.rooms.begin(), beat.rooms.end(),
                      [](const auto& room) { return room.room == "standup"; }));
}

TEST_CASE("what happens is told with the room's epoch and number") {
    Member member;
    member.ask(cluster::RoomOpen{"standup", 7, {}});
    member.mail.clear();
    member.presence->on_event(member.server.last_event("room.created"), member.server.core(),
                              member.mail);
    const auto sent = member.sent_to("room.created");
    REQUIRE(sent.size() == 1);
    const auto event = cluster::parse_event(sent[0].body);
    REQUIRE(event);
    CHECK(event->server == "server-1");
    CHECK(event->epoch == 7);
    CHECK(event->number == 1);
}

TEST_CASE("a server that drains takes no room, gives up what it has at the deadline, and back") {
    Member member;
    member.ask(cluster::RoomOpen{"old", 1, {.empty_timeout = 0s}});
    CHECK(member.ask(cluster::ServerDrain{"other", 10s}).refusal->code == 404);
    CHECK_FALSE(member.ask(cluster::ServerDrain{"server-1", 10s}).refusal);
    CHECK(member.ask(cluster::RoomOpen{"new", 1, {}}).refusal->code == 503);
    CHECK_FALSE(member.ask(cluster::RoomOpen{"old", 1, {}}).refusal);
    member.advance(0s);
    CHECK(member.last_beat().state == cluster::ServerState::Draining);
    member.advance(10s);
    member.advance(1s);
    CHECK(member.last_beat().state == cluster::ServerState::Drained);
    CHECK(member.server.core().epoch("old") == 0);
    CHECK_FALSE(member.ask(cluster::ServerUndrain{"server-1"}).refusal);
    CHECK_FALSE(member.ask(cluster::RoomOpen{"new", 1, {}}).refusal);
}

TEST_CASE("a room that a drained server gave up is told as given up, not as closed") {
    Member member;
    member.ask(cluster::RoomOpen{"kept", 1, {.empty_timeout = 0s}});
    member.ask(cluster::RoomOpen{"ended", 1, {.empty_timeout = 0s}});
    member.advance(1s);
    member.ask(cluster::ServerDrain{"server-1", 10s});
    member.advance(1s);
    const auto left = member.last_beat().drain_left;
    REQUIRE(left);
    CHECK(*left > 8s);
    CHECK(*left <= 10s);
    CHECK_FALSE(member.last_beat().leaving);
    member.ask(cluster::RoomClose{"ended"});
    member.advance(1s);
    CHECK(member.last_beat().closed == std::vector<std::string>{"ended"});
    member.advance(9s);
    member.advance(1s);
    CHECK(member.last_beat().released == std::vector<std::string>{"kept"});
    CHECK(member.last_beat().closed.empty());
    member.advance(1s);
    CHECK(member.last_beat().released == std::vector<std::string>{"kept"});
    for (int second = 0; second < 31; ++second) member.advance(1s);
    CHECK(member.last_beat().released.empty());
}

TEST_CASE("a room is released as one that goes on, or as one that was closed") {
    Member member;
    for (const char* room : {"moved", "closed"}) {
        member.ask(cluster::RoomOpen{room, 3, {.empty_timeout = 0s}});
    }
    member.advance(1s);
    CHECK_FALSE(member.ask(cluster::RoomRelease{.room = "moved", .epoch = 4}).refusal);
    CHECK_FALSE(
        member.ask(cluster::RoomRelease{.room = "closed", .epoch = 4, .closed = true}).refusal);
    member.advance(1s);
    CHECK(member.last_beat().released == std::vector<std::string>{"moved"});
    CHECK(member.last_beat().closed == std::vector<std::string>{"closed"});
}

TEST_CASE("a room that was opened and closed between two beats is told as closed") {
    Member member;
    member.advance(1s);
    member.mail.clear();
    member.ask(cluster::RoomOpen{"short", 1, {}});
    member.ask(cluster::RoomClose{"short"});
    member.presence->on_event(member.server.last_event("room.closed"), member.server.core(),
                              member.mail);
    member.advance(1s);
    CHECK(member.last_beat().closed == std::vector<std::string>{"short"});
    member.advance(1s);
    CHECK(member.last_beat().closed.empty());
}

TEST_CASE("with a shared queue rooms are taken from it, but for those that live elsewhere") {
    Member member(Assignment::SharedQueue);
    const auto made = place_in(member.ask_app(R"({"type":"room.create","room":"here"})"));
    CHECK(made.epoch == 1);
    cluster::Beat beat;
    beat.server = "server-2";
    beat.incarnation = beat.number = 1;
    beat.rooms.push_back({});
    beat.rooms[0].room = "there";
    member.deliver(std::string(kDirectoryQueue), cluster::write(beat), "load.server-2");
    member.mail.clear();
    const std::string get = R"({"type":"room.get","room":"there"})";
    member.deliver(std::string(cluster::kRooms), get);
    const auto sent = member.sent_to("server.server-2");
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].body == get);
    CHECK(sent[0].reply_to == "caller");
    CHECK(member.sent_to("caller").empty());
    CHECK(member.ask_app(R"({"type":"room.list"})").data.find("server-2") != std::string::npos);
}

TEST_CASE("a command may be faster than the news of its room, and waits a little for it") {
    Member member(Assignment::SharedQueue);
    member.mail.clear();
    member.deliver(std::string(cluster::kRooms), R"({"type":"room.get","room":"there"})");
    CHECK(member.mail.empty());
    const cluster::Event created{.type = "room.created",
                                 .at = member.server.now,
                                 .server = "server-2",
                                 .room = "there",
                                 .epoch = 1,
                                 .number = 1};
    member.deliver(std::string(kDirectoryQueue), cluster::write(created), "room.created");
    CHECK(member.sent_to("server.server-2").size() == 1);
    member.deliver(std::string(cluster::kRooms), R"({"type":"room.get","room":"nowhere"})");
    member.advance(500ms);
    CHECK(member.answer().refusal->code == 404);
}

TEST_CASE("of two servers that made a room at once one gives it up") {
    Member member(Assignment::SharedQueue);
    member.ask_app(R"({"type":"room.create","room":"a"})");
    cluster::Event created{.type = "room.created",
                           .at = member.server.now,
                           .server = "server-2",
                           .room = "a",
                           .epoch = 1,
                           .number = 1};
    member.deliver(std::string(kDirectoryQueue), cluster::write(created), "room.created");
    CHECK(member.server.core().epoch("a") == 1);  // ours is the smaller name
    created.epoch = 2;
    member.deliver(std::string(kDirectoryQueue), cluster::write(created), "room.created");
    CHECK(member.server.core().epoch("a") == 0);
}

namespace {

// A beat of another process that says it is server-1.
void hear_rival(Member& member, bool older) {
    const auto ours = static_cast<uint64_t>(member.server.now.micros());
    cluster::Beat beat;
    beat.server = "server-1";
    beat.incarnation = older ? 1 : ours + 1'000'000;
    beat.number = 1;
    beat.link = "ws://10.0.0.7:4400/";
    member.deliver(std::string(kDirectoryQueue), cluster::write(beat), "load.server-1");
}

size_t errors(const Member& member) {
    size_t found = 0;
    for (const controller::Log& line : member.server.logs) {
        found += line.level == controller::Level::Error ? 1 : 0;
    }
    return found;
}

}  // namespace

TEST_CASE("a server listens for another of its id before it says that it is one") {
    Member member(Assignment::RouterService, 1200ms);
    CHECK_FALSE(member.presence->up());
    member.advance(1100ms);
    CHECK(member.sent_to("load.server-1").empty());
    CHECK(member.count<Consume>() == 1);
    member.advance(100ms);
    CHECK(member.sent_to("load.server-1").size() == 1);
    CHECK(member.count<Consume>() == 2);
    CHECK(member.presence->up());
}

TEST_CASE("a server that found its rooms again after a crash speaks at once") {
    Member member(Assignment::RouterService, 1200ms);
    member.server.call([&](auto& core, base::Instant now, auto& out) {
        return core.create_room(now, "standup", {}, out).ok();
    });
    member.advance(100ms);
    CHECK(member.presence->up());
    REQUIRE(member.sent_to("load.server-1").size() == 1);
}

TEST_CASE("of two processes with one id the younger says nothing until the other is gone") {
    for (const base::Duration listens : {base::Duration(0s), base::Duration(1200ms)}) {
        Member member(Assignment::SharedQueue, listens);
        member.mail.clear();
        for (int i = 0; i < 5; ++i) {
            hear_rival(member, true);
            member.advance(1s);
        }
        CHECK(errors(member) == 1);
        CHECK(member.presence->has_rival());
        CHECK(member.sent_to("load.server-1").empty());
        CHECK(member.count<Consume>() == 0);
        CHECK(member.count<Cancel>() == (listens == 0s ? 2 : 0));
        CHECK(member.presence->ask(member.server.now, "rooms", cluster::RoomGet{"a"},
                                   member.mail) == 0);
        for (int i = 0; i < 25; ++i) member.advance(100ms);
        CHECK_FALSE(member.presence->has_rival());
        CHECK(member.presence->up());
        CHECK(member.sent_to("load.server-1").size() == 1);
    }
}

TEST_CASE("the older of two processes with one id says so, and goes on") {
    Member member;
    member.mail.clear();
    hear_rival(member, false);
    CHECK(errors(member) == 1);
    CHECK(member.presence->has_rival());
    member.advance(1s);
    CHECK(member.sent_to("load.server-1").size() == 1);
    CHECK(member.count<Cancel>() == 0);
    member.advance(3s);
    CHECK_FALSE(member.presence->has_rival());
}

TEST_CASE("hostile mail costs its sender an answer, and nobody else anything") {
    Member member(Assignment::SharedQueue);
    for (const char* body :
         {"", "[]", "null", "{\"type\":1}", "\xff\xfe", "{\"type\":\"room.get\"}",
          "{\"type\":\"room.create\",\"room\":\"../x\"}"}) {
        CHECK(member.ask_app(body).refusal->code == 400);
        for (const char* key : {"load.x", "room.created"}) {
            member.deliver(std::string(kDirectoryQueue), body, key);
        }
    }
    CHECK(member.presence->counts().unreadable == 7 * 3);
}

TEST_CASE("a room has the trace of the command that made it, in its log and for who asks why") {
    Member one;
    constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
    one.deliver(cluster::server_queue("server-1"),
                cluster::write(cluster::RoomOpen{"standup", 7, {}}), "k",
                "00-" + std::string(kTrace) + "-00f067aa0ba902b7-01");
    const auto opened = [](const controller::Log& line) { return line.text == "room opened"; };
    const auto& logs = one.server.logs;
    const auto line = std::find_if(logs.begin(), logs.end(), opened);
    REQUIRE(line != logs.end());
    CHECK(line->trace == kTrace);
    const cluster::Answer why = one.ask(cluster::RoomWhy{"standup"});
    CHECK(why.data.find(R"("trace":"4bf92f3577b34da6a3ce929d0e0e4736")") != std::string::npos);
    CHECK(why.data.find(R"("reasons":"worker 0 (0%) was the lightest)") != std::string::npos);
}

TEST_CASE("a command for a room that is elsewhere goes on under its own trace") {
    Member one;
    const std::string traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    one.mail.clear();
    const auto ask =
        one.presence->ask(one.server.now, "rooms", cluster::RoomGet{"far"}, one.mail, traceparent);
    CHECK(ask != 0);
    REQUIRE(one.sent_to("rooms").size() == 1);
    CHECK(one.sent_to("rooms")[0].traceparent == traceparent);
}
