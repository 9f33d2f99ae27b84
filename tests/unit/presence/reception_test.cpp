#include "controller/cluster/reception.h"

#include <doctest/doctest.h>

#include <deque>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"
#include "controller/cluster/link_host.h"
#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::controller;
using namespace parley::controller::clustering;

namespace {

// Two servers, the broker between them, and whoever takes commands. What is said arrives when
// settle() is called, over links at once.
class Pair {
public:
    struct Node {
        Node(Pair& pair, std::string name, Reception::Options options)
            : id(std::move(name)),
              random(id.size()),
              presence(pair.now(),
                       {.server = id,
                        .region = {},
                        .version = {},
                        .signalling = "ws://" + id + "/",
                        .link = "ws://" + id + "/",
                        .assignment = options.shared_queue ? cluster::Assignment::SharedQueue
                                                           : cluster::Assignment::RouterService},
                       random, [](const cluster::PeerAdd&, Instant) { return std::nullopt; }),
              reception(options),
              host(id, presence.link_key()) {}

        std::string id;
        base::SeededRandom random;
        test::ModelServer server{controller::Options{.create_on_join = false}};
        Presence presence;
        Reception reception;
        LinkHost host;
        std::deque<cluster::Publish> mail;
        bool hears = true;  // events and beats of the other
        bool takes_links = true;
        std::map<ConnectionId, std::vector<std::string>> texts;
        std::map<ConnectionId, CloseConnection> closes;
    };

    explicit Pair(bool create_on_join = true, bool shared_queue = false) {
        for (const char* id : {"one", "three"}) {
            nodes.push_back(std::make_unique<Node>(
                *this, id,
                Reception::Options{
                    .server = id, .create_on_join = create_on_join, .shared_queue = shared_queue}));
            Node& node = *nodes.back();
            node.server.start();
            clustering::Mail mail;
            node.presence.on_up(now(), mail);
            take(node, mail, {}, {});
        }
        advance(0s);
    }

    Node& one() { return *nodes[0]; }
    Node& two() { return *nodes[1]; }
    Instant now() const { return nodes.empty() ? begin_ : nodes[0]->server.now; }

    template <typename Do>
    void run(Node& node, Do what) {
        clustering::Mail mail;
        LinkOutputs links;
        Outputs out;
        Around around{node.server.now, node.presence, node.server.core(), out, mail, links};
        what(around);
        take(node, mail, links, out);
        node.reception.ensure_invariants();
        node.host.ensure_invariants();
    }

    // Time passes, and everything that was said arrives.
    void advance(base::Duration by) {
        for (auto& node : nodes) {
            node->server.advance(by);
            run(*node, [&](Around& around) {
                if (node->presence.next_deadline() <= around.now) {
                    node->presence.on_deadline(around.now, around.controller, around.out,
                                               around.mail);
                }
                node->reception.on_deadline(around);
                node->host.on_deadline(around.now, around.controller, around.out);
            });
        }
        settle();
    }
    void settle() {
        bool moved = true;
        while (moved) {
            moved = false;
            for (auto& node : nodes) {
                while (!node->mail.empty()) {
                    const cluster::Publish publish = std::move(node->mail.front());
                    node->mail.pop_front();
                    carry(publish);
                    moved = true;
                }
            }
        }
    }

    void connect(Node& node, ConnectionId client, const std::string& room,
                 std::optional<std::string> session = {}) {
        Admission admission;
        admission.room = room;
        admission.peer = "peer-" + std::to_string(client);
        admission.session = std::move(session);
        run(node, [&](Around& around) { node.reception.on_connect(around, client, admission); });
    }
    void say(Node& node, ConnectionId client, const std::string& text) {
        run(node, [&](Around& around) { node.reception.on_message(around, client, text); });
    }
    void disconnect(Node& node, ConnectionId client) {
        run(node, [&](Around& around) { node.reception.on_disconnect(around, client); });
    }
    void open_room(Node& node, const std::string& room) {
        run(node, [&](Around& around) {
            around.controller.create_room(around.now, room, {}, around.out).ok();
        });
    }
    size_t peers(Node& node, const std::string& room) {
        const auto info = node.server.core().room(room);
        return info ? info->peers.size() : 0;
    }

    // Answers the commands of kRoomsKey: the router-service, in short. Nothing: it is dead.
    std::function<std::optional<cluster::Answer>(const cluster::Command&)> router_service;
    std::vector<cluster::Command> asked;
    size_t dialed = 0;
    std::vector<std::unique_ptr<Node>> nodes;

private:
    void take(Node& node, clustering::Mail& mail, const LinkOutputs& links, const Outputs& out) {
        for (clustering::Output& output : mail) {
            if (auto* publish = std::get_if<cluster::Publish>(&output)) {
                node.mail.push_back(std::move(*publish));
            } else if (const auto* answered = std::get_if<Answered>(&output)) {
                run(node, [&](Around& around) { node.reception.on_answer(around, *answered); });
            }
        }
        for (const controller::Output& output : out) deliver(node, output);
        for (const LinkOutput& output : links) deliver(node, output);
    }

    void deliver(Node& node, const controller::Output& output) {
        if (const auto* text = std::get_if<SendText>(&output)) {
            if (text->connection == kLink) return over(node, text->text);
            if (!LinkHost::is_forwarded(text->connection)) {
                node.texts[text->connection].push_back(text->text);
                return;
            }
            run(node, [&](Around& a) { node.host.say(a.now, *text, a.controller, a.out); });
        } else if (const auto* close = std::get_if<CloseConnection>(&output)) {
            if (!LinkHost::is_forwarded(close->connection)) {
                node.closes.emplace(close->connection, *close);
                return;
            }
            run(node, [&](Around& a) { node.host.say(a.now, *close, a.out); });
        } else if (const auto* event = std::get_if<Event>(&output)) {
            clustering::Mail mail;
            node.presence.on_event(*event, node.server.core(), mail);
            take(node, mail, {}, {});
        }
    }

    // Links: each node has at most one to the other.
    Node& other(Node& node) { return &node == nodes[0].get() ? *nodes[1] : *nodes[0]; }
    void deliver(Node& node, const LinkOutput& output) {
        Node& to = other(node);
        if (const auto* dial = std::get_if<Dial>(&output)) {
            CHECK(dial->address == "ws://" + to.id + "/");
            link_ = dial->link;
            ++dialed;
            if (!to.takes_links) {
                return run(node, [&](Around& a) {
                    node.reception.forwarder().on_link_closed(a.now, link_, "refused", a.out);
                });
            }
            run(to, [&](Around& a) { to.host.on_connect(a.now, kLink, "10.0.0.3"); });
            run(node,
                [&](Around& a) { node.reception.forwarder().on_link_open(a.now, link_, a.links); });
        } else if (const auto* send = std::get_if<SendLink>(&output)) {
            run(to, [&](Around& a) {
                to.host.on_message(a.now, kLink, send->text, a.controller, a.out);
            });
        }
    }
    // From the host back to who began the link.
    void over(Node& host, const std::string& text) {
        Node& to = other(host);
        run(to, [&](Around& a) { to.reception.on_link_frame(a, link_, text); });
    }

    void carry(const cluster::Publish& publish) {
        if (publish.exchange == cluster::kLoad || publish.exchange == cluster::kEvents) {
            for (auto& node : nodes) {
                if (node->hears) to_node(*node, std::string(kDirectoryQueue), publish);
            }
        } else if (publish.key == cluster::kRoomsKey) {
            const auto command = cluster::parse_command(publish.body);
            REQUIRE(command);
            asked.push_back(*command);
            if (!router_service) return;
            const auto answer = router_service(*command);
            if (!answer) return;
            carry({.exchange = "",
                   .key = publish.reply_to,
                   .body = cluster::write(*answer),
                   .correlation_id = publish.correlation_id});
        } else {
            for (auto& node : nodes) {
                const bool is_its = publish.key == cluster::server_queue(node->id);
                if (is_its) to_node(*node, publish.key, publish);
            }
        }
    }
    void to_node(Node& node, const std::string& queue, const cluster::Publish& publish) {
        const cluster::Delivery delivery{.tag = ++tag_,
                                         .queue = queue,
                                         .key = publish.key,
                                         .body = publish.body,
                                         .reply_to = publish.reply_to,
                                         .correlation_id = publish.correlation_id};
        run(node, [&](Around& a) {
            node.presence.on_delivery(a.now, delivery, a.controller, a.out, a.mail);
        });
        run(node, [&](Around& a) { node.reception.on_news(a); });
    }

    static constexpr ConnectionId kLink = 1'000'000;
    Instant begin_ = test::ModelServer().now;
    LinkId link_ = 0;
    uint64_t tag_ = 0;
};

cluster::Answer placed(const std::string& room, const std::string& home) {
    cluster::RoomPlace place;
    place.room = room;
    place.home = home;
    JsonWriter json;
    cluster::write(json, place);
    return {{}, json.take()};
}

constexpr const char* kAsk =
    R"({"request":true,"id":1,"method":"getRouterRtpCapabilities","data":{}})";

}  // namespace

TEST_CASE("a client of any server gets into the room, wherever it is") {
    Pair pair;
    pair.open_room(pair.one(), "standup");
    pair.settle();
    pair.connect(pair.one(), 1, "standup");
    pair.connect(pair.two(), 2, "standup");
    CHECK(pair.peers(pair.one(), "standup") == 2);
    CHECK(pair.two().server.core().epoch("standup") == 0);
    CHECK(pair.asked.empty());
    pair.say(pair.two(), 2, kAsk);
    CHECK(pair.two().texts[2].size() == 1);
    CHECK(pair.one().texts[2].empty());
    pair.disconnect(pair.two(), 2);
    CHECK(pair.peers(pair.one(), "standup") == 1);
}

TEST_CASE("who comes while the room's home is away waits for it, and its words with it") {
    Pair pair;
    pair.open_room(pair.one(), "standup");
    pair.settle();
    pair.one().takes_links = false;
    pair.connect(pair.two(), 2, "standup");
    pair.connect(pair.two(), 3, "standup", "a session of some time ago");
    pair.say(pair.two(), 2, kAsk);
    for (int i = 0; i < 10; ++i) pair.advance(100ms);
    CHECK(pair.two().reception.waiting() == 2);
    CHECK(pair.dialed > 2);
    CHECK(pair.dialed < 7);
    CHECK(pair.asked.empty());

    pair.one().takes_links = true;
    for (int i = 0; i < 3; ++i) pair.advance(100ms);
    CHECK(pair.two().reception.waiting() == 0);
    CHECK(pair.peers(pair.one(), "standup") == 1);
    CHECK(pair.two().texts[2].size() == 1);
    CHECK(pair.two().closes.at(3).code == 4404);
}

TEST_CASE("when its home was lost, who waits is in the room as soon as that has another one") {
    Pair pair;
    pair.open_room(pair.one(), "standup");
    pair.settle();
    pair.one().takes_links = false;
    pair.connect(pair.two(), 2, "standup");
    pair.advance(2s);
    pair.open_room(pair.two(), "standup");
    pair.advance(0s);
    CHECK(pair.peers(pair.two(), "standup") == 1);
    CHECK(pair.two().closes.empty());
}

TEST_CASE("a home that stays away is not waited for without end") {
    Pair pair;
    pair.open_room(pair.one(), "standup");
    pair.settle();
    pair.one().takes_links = false;
    pair.connect(pair.two(), 2, "standup");
    for (int i = 0; i < 49; ++i) pair.advance(100ms);
    CHECK(pair.two().closes.empty());
    pair.advance(100ms);
    CHECK(pair.two().closes.at(2).code == 4502);
}

TEST_CASE("a room made a moment ago by another server is found, and its client's words wait") {
    Pair pair;
    pair.two().hears = false;  // not yet
    pair.open_room(pair.one(), "standup");
    pair.router_service = [](const cluster::Command& command) {
        CHECK(std::get<cluster::RoomCreate>(command).room == "standup");
        return placed("standup", "one");
    };
    pair.connect(pair.two(), 2, "standup");
    pair.say(pair.two(), 2, kAsk);
    CHECK(pair.two().reception.waiting() == 1);
    CHECK(pair.two().texts[2].empty());
    pair.settle();
    CHECK(pair.two().reception.waiting() == 0);
    CHECK(pair.peers(pair.one(), "standup") == 1);
    CHECK(pair.two().texts[2].size() == 1);
}

TEST_CASE("a room that nobody has is made where the cluster wants it, once for all who come") {
    Pair pair;
    pair.router_service = [&](const cluster::Command&) {
        pair.open_room(pair.one(), "ours");
        return placed("ours", "one");
    };
    pair.connect(pair.two(), 2, "ours");
    pair.connect(pair.two(), 3, "ours");
    pair.connect(pair.one(), 4, "ours");
    pair.settle();
    CHECK(pair.asked.size() == 2);  // by each server
    CHECK(pair.peers(pair.one(), "ours") == 3);
    CHECK(pair.two().server.core().epoch("ours") == 0);
}

TEST_CASE("where joining makes no room, and to resume, the cluster is asked and nothing is made") {
    for (const bool resumes : {false, true}) {
        Pair pair(resumes);
        pair.router_service = [](const cluster::Command& command) {
            CHECK(std::holds_alternative<cluster::RoomGet>(command));
            return cluster::Answer{cluster::Refusal{404, "no such room"}};
        };
        pair.connect(pair.two(), 2, "ours", resumes ? std::optional("a session") : std::nullopt);
        pair.settle();
        CHECK(pair.asked.size() == 1);
        REQUIRE(pair.two().closes.contains(2));
        CHECK(pair.two().closes.at(2).code == 4404);
        CHECK(pair.two().closes.at(2).reason == (resumes ? "no-such-session" : "no-such-room"));
    }
}

TEST_CASE("a refusal is told with the code that clients know") {
    struct Row {
        uint16_t refused;
        uint16_t code;
        const char* word;
    };
    for (const Row& row : {Row{404, 4404, "no-such-room"}, Row{503, 4429, "capacity"},
                           Row{429, 4429, "capacity"}, Row{403, 4403, "forbidden"},
                           Row{400, 4400, "bad-request"}, Row{409, 4503, "unavailable"}}) {
        Pair pair;
        pair.router_service = [&](const cluster::Command&) {
            return cluster::Answer{cluster::Refusal{row.refused, "no"}};
        };
        pair.connect(pair.two(), 2, "ours");
        pair.settle();
        REQUIRE(pair.two().closes.contains(2));
        CHECK(pair.two().closes.at(2).code == row.code);
        CHECK(pair.two().closes.at(2).reason.starts_with(row.word));
        CHECK(pair.two().reception.waiting() == 0);
    }
}

TEST_CASE("when nobody answers, or nobody can be asked, a client is told to try again") {
    SUBCASE("no answer") {
        Pair pair;
        pair.connect(pair.two(), 2, "ours");
        pair.advance(4s);
        REQUIRE(pair.two().closes.contains(2));
        CHECK(pair.two().closes.at(2).code == 4503);
    }
    SUBCASE("the home is never heard of") {
        Pair pair;
        pair.router_service = [](const cluster::Command&) { return placed("ours", "nine"); };
        pair.connect(pair.two(), 2, "ours");
        pair.settle();
        CHECK(pair.two().reception.waiting() == 1);
        pair.advance(5s);
        REQUIRE(pair.two().closes.contains(2));
        CHECK(pair.two().closes.at(2).code == 4503);
    }
    SUBCASE("the broker is away") {
        Pair pair;
        pair.open_room(pair.one(), "standup");
        pair.settle();
        for (auto& node : pair.nodes) node->presence.on_down();
        pair.connect(pair.two(), 2, "ours");
        REQUIRE(pair.two().closes.contains(2));
        CHECK(pair.two().closes.at(2).code == 4503);
        pair.connect(pair.two(), 3, "standup");  // is known to be there
        CHECK(pair.peers(pair.one(), "standup") == 1);
    }
}

TEST_CASE("with a shared queue news is waited for before a room is made") {
    Pair pair(true, true);
    pair.connect(pair.two(), 2, "ours");
    pair.settle();
    CHECK(pair.asked.empty());
    SUBCASE("it was made meanwhile") {
        pair.open_room(pair.one(), "ours");
        pair.settle();
        CHECK(pair.asked.empty());
        CHECK(pair.peers(pair.one(), "ours") == 1);
    }
    SUBCASE("it was not") {
        pair.advance(500ms);
        CHECK(pair.asked.size() == 1);
    }
}

TEST_CASE("one who waits may not say without end, and may go") {
    Pair pair;
    pair.connect(pair.two(), 2, "ours");
    pair.connect(pair.two(), 3, "ours");
    for (int i = 0; i < 65; ++i) pair.say(pair.two(), 2, kAsk);
    CHECK(pair.two().closes.at(2).code == 4429);
    pair.disconnect(pair.two(), 3);
    CHECK(pair.two().reception.waiting() == 0);
}
