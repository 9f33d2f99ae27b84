#include "controller/control/client.h"

#include <doctest/doctest.h>

#include <functional>
#include <utility>

#include "controller/control/codec.h"
#include "controller/control/server.h"
#include "controller/control/tables.h"
#include "controller/drain.h"
#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::controller;
using namespace parley::controller::control;

namespace {

using Verb = Command::Verb;

// A server that is drained as its Drain says, over the rooms of its controller; alone, or one of a
// cluster.
struct ModelPlace : Place {
    explicit ModelPlace(test::ModelServer& with) : server(with) {}
    void start_drain(Instant now, const StartDrain& wanted) override {
        drain.begin(now, wanted.deadline, wanted.for_good);
    }
    void stop_drain(Instant) override { drain.undo(); }
    DrainState drain_state(Instant now) const override {
        const auto rooms = server.core().reports();
        drain.on_rooms(now, rooms.size());
        return {drain.state(), static_cast<uint32_t>(rooms.size()), 0, drain.left(now)};
    }

    const std::string& server_id() const override { return id; }
    bool can_ask_others() const override { return can_ask; }
    std::string home_of(std::string_view room) const override { return room == "far" ? "s2" : ""; }

    test::ModelServer& server;
    mutable Drain drain;
    std::string id;
    bool can_ask = false;
};

// parleyctl and a whole controller with a model worker, frame by frame.
class World {
public:
    explicit World(uint32_t workers = 1) : server({.workers = workers}) { server.start(); }

    struct Result {
        std::string printed, complained;
        int exit_code = -1;
        int tables = 0;
    };

    // Runs one command to its end, or for `longest`.
    Result run(Command command, base::Duration longest = 10s) {
        Client client(std::move(command));
        const uint64_t id = ++last_id;
        Result result;
        std::vector<uint8_t> frame = take(client.start(server.now), result);
        const Instant end = server.now + longest;
        while (result.exit_code < 0) {
            if (!frame.empty()) {
                const Server::Answer answer = serve(id, frame);
                frame.clear();
                if (!answer.frame.empty()) {
                    frame = take(client.on_frame(server.now, answer.frame), result);
                }
                for (const Errand& errand : answer.errands) {
                    errands.push_back(errand);
                    const auto said = Server::on_answer(errand, others(errand));
                    frame = take(client.on_frame(server.now, said), result);
                }
                for (const Dumped& dumped : std::exchange(server.dumped, {})) {
                    const auto said = control.on_dumped(dumped);
                    REQUIRE(said.client == id);
                    frame = take(client.on_frame(server.now, said.frame), result);
                }
                continue;
            }
            if (client.next_deadline() > end) break;
            server.advance(client.next_deadline() - server.now);
            frame = take(client.on_deadline(server.now), result);
        }
        control.on_closed(id);
        return result;
    }

    Server::Answer serve(uint64_t id, base::Bytes frame) {
        return server.call([&](Controller& core, Instant now, Outputs& out) {
            auto answer = control.on_frame(now, id, frame, core, drain, out);
            return answer;
        });
    }

    void make_room(const std::string& id) {
        CHECK(server.call([&](Controller& core, Instant now, Outputs& out) {
            return core.create_room(now, id, {}, out).ok();
        }));
    }

    test::ModelServer server;
    ModelPlace drain{server};
    Server control;
    uint64_t last_id = 0;
    std::vector<Errand> errands;
    // What the rest of the cluster says.
    std::function<std::optional<cluster::Answer>(const Errand&)> others = [](const Errand&) {
        return std::optional<cluster::Answer>();
    };

private:
    static std::vector<uint8_t> take(Step step, Result& result) {
        if (!step.print.empty()) ++result.tables;
        result.printed += step.print;
        result.complained += step.complain;
        if (step.exit_code) result.exit_code = *step.exit_code;
        return step.send;
    }
};

}  // namespace

TEST_CASE("rooms, a room and its peers are shown") {
    World world;
    world.server.enter("standup", "ada");
    world.server.enter("standup", "bob");
    world.server.advance(5s);
    const auto rooms = world.run({.verb = Verb::Rooms});
    CHECK(rooms.exit_code == 0);
    CHECK(rooms.printed ==
          "ROOM     PEERS  MAX  WORKERS  AGE\n"
          "standup      2  -          0   5s\n");
    const auto room = world.run({.verb = Verb::Room, .room = "standup"});
    CHECK(room.printed.find("\nempty timeout: 60s\n") != std::string::npos);
    const auto peers = world.run({.verb = Verb::Peers, .room = "standup"});
    CHECK(peers.exit_code == 0);
    CHECK(peers.printed.find("ada") < peers.printed.find("bob"));
    CHECK(peers.printed.find("live") != std::string::npos);
    const auto json = world.run({.verb = Verb::Peers, .room = "standup", .json = true});
    const auto document = JsonDocument::parse(json.printed);
    REQUIRE(document.ok());
    CHECK(document->root().size() == 2);
}

TEST_CASE("more rooms than fit one answer are all shown") {
    World world(3);
    for (int i = 0; i < 2'500; ++i) world.make_room("room-" + std::to_string(i));
    const auto rooms = world.run({.verb = Verb::Rooms, .json = true});
    const auto document = JsonDocument::parse(rooms.printed, {.bytes = 10'000'000});
    REQUIRE(document.ok());
    CHECK(document->root().size() == 2'500);
}

TEST_CASE("a muted peer is not heard, a kicked one is gone, a closed room is closed") {
    World world;
    test::ModelClient& ada = world.server.enter("standup", "ada");
    test::ModelClient& bob = world.server.enter("standup", "bob");
    CHECK(world.run({.verb = Verb::Mute, .room = "standup", .peer = "ada"}).exit_code == 0);
    CHECK(world.server.hears(bob).empty());
    CHECK(world.run({.verb = Verb::Unmute, .room = "standup", .peer = "ada"}).exit_code == 0);
    CHECK(world.server.hears(bob) == std::set<std::string>{"ada"});
    CHECK(world.run({.verb = Verb::Kick, .room = "standup", .peer = "ada", .reason = "bye"})
              .exit_code == 0);
    CHECK(ada.close_code == 4403);
    CHECK(world.run({.verb = Verb::Close, .room = "standup"}).exit_code == 0);
    CHECK(bob.close_code == 4410);
}

TEST_CASE("a drain is waited for, is seen, and can be undone") {
    World world;
    world.make_room("standup");
    const auto started = world.run({.verb = Verb::Drain, .drain = {.deadline = 50min}});
    CHECK(started.exit_code == 0);
    CHECK(started.printed == "draining: 1 rooms, 0 people, 50m left\n");
    CHECK_FALSE(world.drain.drain.for_good());
    // Whoever waits is told only what is new, and ends with the last room: an empty one.
    const auto waited = world.run(
        {.verb = Verb::Drain, .wait = true, .drain = {.deadline = 50min, .for_good = true}}, 5min);
    CHECK(waited.exit_code == 0);
    CHECK(waited.printed.ends_with("\ndrained: 0 rooms, 0 people, 49m left\n"));
    CHECK(waited.tables == 3);
    CHECK(world.drain.drain.for_good());
    const auto undone = world.run({.verb = Verb::Undrain, .json = true});
    CHECK(undone.printed == "{\"state\":\"up\",\"rooms\":0,\"peers\":0}\n");
    CHECK_FALSE(world.drain.drain.is_on());
}

TEST_CASE("who waits for a drain that somebody undoes does not take the server for empty") {
    World world;
    world.make_room("standup");
    Client client({.verb = Verb::Drain, .wait = true});
    const auto first = world.serve(1, client.start(world.server.now).send);
    CHECK_FALSE(client.on_frame(world.server.now, first.frame).exit_code);
    world.drain.drain.undo();
    const Step asks = client.on_deadline(client.next_deadline());
    const Step step = client.on_frame(world.server.now, world.serve(1, asks.send).frame);
    CHECK(step.exit_code == 1);
    CHECK(step.complain == "parleyctl: the drain was undone\n");
}

TEST_CASE("a server that stands alone says why a room is where it is") {
    World world(2);
    world.make_room("standup");
    const auto why = world.run({.verb = Verb::Why, .room = "standup"});
    CHECK(why.exit_code == 0);
    CHECK(why.printed.starts_with("room: standup\nreasons: this server stands alone\ntrace: "));
    CHECK(why.printed.ends_with(
        "\nworker 0, 0 peers: worker 0 (0%) was the lightest, before 1 (0%)\n"));
    const auto drained = world.run({.verb = Verb::Drain, .drain = {.server = "s2"}});
    CHECK(drained.complained == "parleyctl: this server stands alone\n");
}

TEST_CASE("in a cluster the router-service is asked why, and says so for a terminal") {
    World world;
    world.drain.id = "s1";
    world.drain.can_ask = true;
    world.others = [](const Errand& errand) -> std::optional<cluster::Answer> {
        CHECK(std::get<cluster::RoomWhy>(errand.command).room == "far");
        return cluster::Answer{
            {},
            R"({"room":"far","home":"s2","reasons":"lighter\u001b[2J","trace":"4b",)"
            R"("workers":[{"worker":3,"lender":"s9","peers":7,"reasons":"lent"}]})"};
    };
    const auto why = world.run({.verb = Verb::Why, .room = "far"});
    CHECK(why.printed ==
          "room: far\nhome: s2\nreasons: lighter?[2J\ntrace: 4b\n"
          "worker 3 of server s9, 7 peers: lent\n");
    world.others = [](const Errand&) {
        return cluster::Answer{cluster::Refusal{404, "no such room"}};
    };
    CHECK(world.run({.verb = Verb::Why, .room = "far"}).complained == "parleyctl: no such room\n");
    world.others = [](const Errand&) { return std::optional<cluster::Answer>(); };
    CHECK(world.run({.verb = Verb::Why, .room = "far"}).complained ==
          "parleyctl: no answer in time\n");
    CHECK(world.run({.verb = Verb::Why, .room = "a b"}).complained == "parleyctl: no id: a b\n");
    world.drain.can_ask = false;  // the broker is away
    const auto unknown = world.run({.verb = Verb::Why, .room = "far"});
    CHECK(unknown.complained == "parleyctl: no such room here: it is at server s2\n");
}

TEST_CASE("a dump is printed for people, or in one line; of a room that is here") {
    World world;
    world.make_room("standup");
    const auto dump = world.run({.verb = Verb::Dump, .room = "standup"});
    CHECK(dump.exit_code == 0);
    CHECK(dump.printed.starts_with("{\n  \"room\": \"standup\",\n"));
    const auto line = world.run({.verb = Verb::Dump, .room = "standup", .json = true});
    CHECK(line.printed.starts_with("{\"room\":\"standup\","));
    const auto far = world.run({.verb = Verb::Dump, .room = "far"});
    CHECK(far.complained == "parleyctl: no such room here: it is at server s2\n");
    const auto nobody = world.run({.verb = Verb::Dump, .room = "standup", .peer = "ada"});
    CHECK(nobody.complained == "parleyctl: no such peer\n");
}

TEST_CASE("another server of the cluster is drained from here, and waited for") {
    World world;
    world.drain.id = "s1";
    world.drain.can_ask = true;
    std::vector<std::string> states = {"up", "draining", "drained"};
    world.others = [&](const Errand& errand) -> std::optional<cluster::Answer> {
        if (const auto* drain = std::get_if<cluster::ServerDrain>(&errand.command)) {
            CHECK((drain->server == "s2" && drain->deadline == 50min));
            return cluster::Answer{};
        }
        if (!std::holds_alternative<cluster::ServerList>(errand.command)) return cluster::Answer{};
        const std::string state = states.front();
        states.erase(states.begin());
        return cluster::Answer{
            {},
            R"({"servers":[{"server":"s1","state":"up"},{"server":"s2","state":")" + state +
                R"(","rooms":4,"load":{"peers":9}}]})"};
    };
    const auto waited = world.run(
        {.verb = Verb::Drain, .wait = true, .drain = {.deadline = 50min, .server = "s2"}}, 1min);
    CHECK(waited.exit_code == 0);
    CHECK(waited.printed.ends_with("drained: 4 rooms, 9 people\n"));
    CHECK_FALSE(world.drain.drain.is_on());
    const auto told = world.run({.verb = Verb::Undrain, .drain = {.server = "s2"}});
    CHECK(told.printed == "server s2 was told\n");
    CHECK(std::get<cluster::ServerUndrain>(world.errands.back().command).server == "s2");
    const auto ours = world.run({.verb = Verb::Drain, .drain = {.server = "s1"}});
    CHECK(ours.exit_code == 0);
    CHECK(world.drain.drain.is_on());
}

TEST_CASE("what can not be done is said on standard error") {
    World world;
    for (const Verb verb : {Verb::Room, Verb::Peers, Verb::Close, Verb::Kick, Verb::Mute}) {
        const auto result = world.run({.verb = verb, .room = "gone", .peer = "x"});
        CHECK(result.exit_code == 1);
        CHECK(result.printed.empty());
        CHECK(result.complained == "parleyctl: no such room\n");
    }
}

TEST_CASE("top shows rates once a second, or once") {
    World world;
    world.server.enter("standup", "ada");
    const auto once = world.run({.verb = Verb::Top, .once = true});
    CHECK(once.exit_code == 0);
    CHECK(once.tables == 1);
    CHECK(once.printed.find("CPU%") != std::string::npos);
    CHECK(once.printed.find("\nall") != std::string::npos);
    const auto live = world.run({.verb = Verb::Top}, 10s);
    CHECK(live.exit_code == -1);
    CHECK(live.tables == 10);
}

TEST_CASE("rates are those of one process, over the last seconds") {
    Top top;
    WorkerInfo worker;
    worker.pid = 7;
    for (uint64_t second = 0; second < 10; ++second) {
        worker.cpu_ns = 500'000'000 * second;
        worker.packets_sent = 1'000 * second;
        worker.bytes_sent = 100'000 * second;
        worker.drops = {{"a", 10 * second}, {"b", 0}};
        top.on_sample(Instant() + std::chrono::seconds(second), {worker});
    }
    CHECK(top.json().find(R"("cpuPercent":50)") != std::string::npos);
    CHECK(top.json().find(R"("packetsOutPerSecond":1000)") != std::string::npos);
    CHECK(top.json().find(R"("bitsOutPerSecond":8e+05)") != std::string::npos);
    CHECK(top.json().find(R"("dropsPerSecond":10)") != std::string::npos);
    worker = {};
    worker.pid = 8;  // killed, and started again
    top.on_sample(Instant() + 10s, {worker});
    CHECK(top.json().find(R"("packetsOutPerSecond":0)") != std::string::npos);
}

TEST_CASE("a client of another version, or one that does not greet, is told so and closed") {
    World world;
    const Request later[] = {{1, Hello{.major = 2, .name = ""}}, {2, ListRooms{}}};
    const auto refused = world.serve(1, write_requests(later));
    CHECK(!refused.close.empty());
    const auto replies = parse_replies(refused.frame);
    REQUIRE(replies);
    REQUIRE(replies->size() == 1);
    CHECK(std::get<Error>(replies->at(0).body).reason.find("version 1") != std::string::npos);
    world.make_room("standup");
    const Request rude[] = {{1, CloseRoom{"standup"}}};
    CHECK(!world.serve(2, write_requests(rude)).close.empty());
    CHECK(world.server.core().room("standup").ok());
    const std::vector<Request> many(65, Request{1, ListWorkers{}});
    CHECK(!world.serve(3, write_requests(many)).close.empty());
    CHECK(!world.serve(4, {}).close.empty());
}

TEST_CASE("a client that was closed must greet again") {
    World world;
    const Request hello[] = {{1, Hello{}}}, ask[] = {{2, ListWorkers{}}};
    CHECK(world.serve(1, write_requests(hello)).close.empty());
    CHECK(world.serve(1, write_requests(ask)).close.empty());
    world.control.on_closed(1);
    CHECK(!world.serve(1, write_requests(ask)).close.empty());
}

TEST_CASE("a server that answers nonsense ends parleyctl with a reason") {
    Client client({.verb = Verb::Rooms});
    CHECK(!client.start(Instant()).send.empty());
    const std::vector<uint8_t> nonsense(32, 0xff);
    const Step step = client.on_frame(Instant(), nonsense);
    CHECK(step.exit_code == 1);
    CHECK(!step.complain.empty());
    Client other({.verb = Verb::Rooms});
    const Reply unasked{1, Done{}};
    CHECK(other.on_frame(Instant(), write_replies({&unasked, 1})).exit_code == 1);
}

TEST_CASE("columns line up, and a name can not steer the terminal") {
    CHECK(columns({{"A", "N"}, {"x", "1"}, {"long", "1000"}}) ==
          "A        N\nx        1\nlong  1000\n");
    CHECK(columns({{"\u00e9\u00e9", "x"}, {"abc", "y"}}) == "\u00e9\u00e9   x\nabc  y\n");
    CHECK(columns({{"a\x1b[2Jb\x7f\xc2\x9bz\n"}}) == "a?[2Jb??z?\n");
    CHECK(amount_text(0) == "0");
    CHECK(amount_text(999) == "999");
    CHECK(amount_text(999.7) == "1.0k");
    CHECK(amount_text(17'300'000) == "17.3M");
    CHECK(age_text(99s) == "99s");
    CHECK(age_text(100s) == "1m");
    CHECK(age_text(49h) == "2d");
}
