#include <doctest/doctest.h>

#include <algorithm>

#include "common/base/random.h"
#include "controller/cluster/forwarder.h"
#include "controller/cluster/link_host.h"
#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::controller;
using namespace parley::controller::clustering;

namespace {

Admission admission_of(const std::string& room, const std::string& peer) {
    Admission admission;
    admission.room = room;
    admission.peer = peer;
    admission.remote = "10.0.0.9";
    return admission;
}

template <typename T>
std::vector<T> all_of(const Outputs& out) {
    std::vector<T> found;
    for (const Output& output : out) {
        if (const auto* one = std::get_if<T>(&output)) found.push_back(*one);
    }
    return found;
}

// A server that has the room "standup" and takes one link, as connection 1.
struct Home {
    Home() {
        server.start();
        controller.create_room(server.now, "standup", {}, out).ok();
        out.clear();
    }
    void connect() { host.on_connect(server.now, 1, "10.0.0.2"); }
    // What is said to the link, and to nobody else.
    std::vector<LinkFrame> hear(const std::string& text) {
        out.clear();
        host.on_message(server.now, 1, text, controller, out);
        route();
        host.ensure_invariants();
        std::vector<LinkFrame> frames;
        for (const SendText& said : all_of<SendText>(out)) {
            if (said.connection == 1) frames.push_back(*parse_link_frame(said.text));
        }
        return frames;
    }
    std::vector<LinkFrame> hear(const LinkFrame& frame) { return hear(write_link_frame(frame)); }
    void greet() {
        connect();
        REQUIRE(hear(LinkHello{.from = "away", .to = "home", .key = "secret"}).size() == 1);
    }
    // What the controller says to clients of the link goes into it.
    void route() {
        for (size_t i = 0; i < out.size(); ++i) {
            const Output output = out[i];
            const auto* text = std::get_if<SendText>(&output);
            const auto* close = std::get_if<CloseConnection>(&output);
            if (text && LinkHost::is_forwarded(text->connection)) {
                host.say(server.now, *text, controller, out);
            }
            if (close && LinkHost::is_forwarded(close->connection)) {
                host.say(server.now, *close, out);
            }
        }
    }
    std::optional<CloseConnection> closed() const {
        for (const CloseConnection& close : all_of<CloseConnection>(out)) {
            if (close.connection == 1) return close;
        }
        return std::nullopt;
    }

    test::ModelServer server;
    Controller& controller = server.core();
    LinkHost host{"home", "secret"};
    Outputs out;
};

}  // namespace

TEST_CASE("every frame of a link comes across as it was") {
    LinkOpen open{7, admission_of("standup", "ada")};
    open.admission.rights = {.publish = false, .subscribe = true, .data = false};
    open.admission.session = "abc";
    open.admission.received = 41;
    const auto read = parse_link_frame(write_link_frame(open));
    REQUIRE(read);
    const auto& back = std::get<LinkOpen>(*read);
    CHECK(back.connection == 7);
    CHECK(back.admission.room == "standup");
    CHECK(back.admission.peer == "ada");
    CHECK(back.admission.rights == open.admission.rights);
    CHECK(back.admission.session == "abc");
    CHECK(back.admission.received == 41);
    CHECK(back.admission.remote == "10.0.0.9");

    const std::string said = "{\"data\":\"\\u0000 \\\" \xc3\xa4\"}";
    const auto text = parse_link_frame(write_link_frame(LinkText{8, said}));
    REQUIRE(text);
    CHECK(std::get<LinkText>(*text).text == said);
    const auto close = parse_link_frame(write_link_frame(LinkClose{9, 4403, "kicked: spam"}));
    REQUIRE(close);
    CHECK(std::get<LinkClose>(*close).code == 4403);
    CHECK(std::get<LinkClose>(*close).reason == "kicked: spam");
}

TEST_CASE("a member that only a later version of a link knows is passed over") {
    for (const LinkFrame& frame :
         {LinkFrame(LinkHello{.from = "a", .to = "b", .key = "k"}), LinkFrame(LinkWelcome{}),
          LinkFrame(LinkOpen{7, admission_of("standup", "ada")}), LinkFrame(LinkText{8, "hello"}),
          LinkFrame(LinkClose{9, 4403}), LinkFrame(LinkPing{})}) {
        std::string text = write_link_frame(frame);
        text.insert(1, R"("later":{"words":[1]},)");
        CAPTURE(text);
        const auto read = parse_link_frame(text);
        REQUIRE(read);
        CHECK(read->index() == frame.index());
    }
}

TEST_CASE("a client that did not ask for a session has none at the home, one that did has") {
    LinkOpen open{1, admission_of("standup", "ada")};
    CHECK_FALSE(std::get<LinkOpen>(*parse_link_frame(write_link_frame(open))).admission.session);
    open.admission.session = "";
    CHECK(std::get<LinkOpen>(*parse_link_frame(write_link_frame(open))).admission.session == "");
}

TEST_CASE("a frame cut short anywhere, or with a wrong member, is refused and says which") {
    const std::string whole = write_link_frame(LinkOpen{7, admission_of("standup", "ada")});
    for (size_t size = 0; size < whole.size(); ++size) {
        CHECK_FALSE(parse_link_frame(whole.substr(0, size)));
    }
    for (const char* text :
         {R"({"type":"text","connection":0,"text":""})", R"({"type":"text","connection":-1})",
          R"({"type":"text","connection":1e300,"text":""})", R"({"type":"close","connection":1})",
          R"({"type":"close","connection":1,"code":70000})", R"({"type":"gossip"})", "[]", "null",
          R"({"type":"hello","version":0,"from":"a","to":"b","key":"k"})",
          R"({"type":"hello","version":1,"from":"a b","to":"b","key":"k"})",
          R"({"type":"open","connection":1,"room":"../x","peer":"p","rights":{}})"}) {
        CAPTURE(text);
        const auto frame = parse_link_frame(text);
        REQUIRE_FALSE(frame);
        CHECK_FALSE(frame.error().empty());
    }
    CHECK_FALSE(parse_link_frame(std::string(kLinkFrameBytes + 1, ' ')));
    CHECK_FALSE(parse_link_frame(std::string(100'000, '[')));
}

TEST_CASE("who shows a wrong key, or takes us for another server, is refused and counted") {
    for (const LinkHello& hello : {LinkHello{.from = "away", .to = "home", .key = "secreT"},
                                   LinkHello{.from = "away", .to = "home", .key = "secret1"},
                                   LinkHello{.from = "away", .to = "home", .key = ""},
                                   LinkHello{.from = "away", .to = "other", .key = "secret"}}) {
        Home home;
        home.connect();
        CHECK(home.hear(hello).empty());
        REQUIRE(home.closed());
        CHECK(home.closed()->code == 4401);
        CHECK(home.host.counts().refused == 1);
        CHECK(home.host.links() == 0);
        CHECK(all_of<Log>(home.out).size() == 1);
    }
}

TEST_CASE("nobody gets in before the key was shown, and who says nothing is not waited for") {
    Home home;
    home.connect();
    CHECK(home.hear(LinkOpen{1, admission_of("standup", "ada")}).empty());
    CHECK(home.closed()->code == 4400);
    CHECK(home.controller.room("standup")->peers.empty());

    home.connect();
    CHECK(home.host.next_deadline() == home.server.now + 3s);
    home.out.clear();
    home.host.on_deadline(home.server.now + 3s, home.controller, home.out);
    CHECK(home.closed()->code == 4401);
}

TEST_CASE("a newer server is answered with the version that both know") {
    Home home;
    home.connect();
    const auto said =
        home.hear(LinkHello{.version = 9, .from = "away", .to = "home", .key = "secret"});
    REQUIRE(said.size() == 1);
    CHECK(std::get<LinkWelcome>(said[0]).version == 1);
}

TEST_CASE("a forwarded client is a peer like any other") {
    Home home;
    home.greet();
    CHECK(home.hear(LinkOpen{1, admission_of("standup", "ada")}).empty());
    CHECK(home.controller.room("standup")->peers.size() == 1);
    const auto said = home.hear(
        LinkText{1, R"({"request":true,"id":5,"method":"getRouterRtpCapabilities","data":{}})"});
    REQUIRE(said.size() == 1);
    CHECK(std::get<LinkText>(said[0]).connection == 1);
    CHECK(std::get<LinkText>(said[0]).text.find("\"id\":5") != std::string::npos);

    home.out.clear();
    home.controller.kick_peer(home.server.now, "standup", "ada", "spam", home.out).ok();
    home.route();
    const auto frames = all_of<SendText>(home.out);
    REQUIRE(frames.size() == 1);
    const auto close = std::get<LinkClose>(*parse_link_frame(frames[0].text));
    CHECK(close.connection == 1);
    CHECK(close.code == 4403);
    CHECK(home.host.clients() == 0);
    CHECK(home.hear(LinkText{1, "{}"}).empty());  // said before it knew
    CHECK(home.hear(LinkClose{1}).empty());
    CHECK(home.hear(LinkClose{1}).empty());
    CHECK_FALSE(home.closed());
}

TEST_CASE("numbers that are used again, or that nobody opened, end the link") {
    for (const LinkFrame& frame :
         {LinkFrame(LinkOpen{1, admission_of("standup", "bob")}),
          LinkFrame(LinkOpen{2, admission_of("standup", "bob")}), LinkFrame(LinkText{4, "{}"}),
          LinkFrame(LinkClose{4}), LinkFrame(LinkWelcome{}),
          LinkFrame(LinkHello{.from = "away", .to = "home", .key = "secret"})}) {
        Home home;
        home.greet();
        home.hear(LinkOpen{3, admission_of("standup", "ada")});
        home.hear(frame);
        REQUIRE(home.closed());
        CHECK(home.closed()->code == 4400);
        CHECK(home.host.clients() == 0);
        CHECK(home.controller.room("standup")->peers.empty());  // ada had no session
    }
}

TEST_CASE("a room that is not here any more is said to have moved, and is not made") {
    Home home;
    home.greet();
    const auto said = home.hear(LinkOpen{1, admission_of("elsewhere", "ada")});
    REQUIRE(said.size() == 1);
    CHECK(std::get<LinkClose>(said[0]).code == 4307);
    CHECK(home.controller.epoch("elsewhere") == 0);
}

TEST_CASE("a link that breaks takes its clients' connections along, and their sessions wait") {
    Home home;
    home.greet();
    Admission admission = admission_of("standup", "ada");
    admission.session = "";
    home.hear(LinkOpen{1, admission});
    home.out.clear();
    home.host.on_disconnect(home.server.now, 1, home.controller, home.out);
    const auto room = home.controller.room("standup");
    REQUIRE(room->peers.size() == 1);
    CHECK_FALSE(room->peers[0].connected);
}

TEST_CASE("a link is never silent for long, and one that hangs is found in seconds") {
    Home home;
    home.greet();
    const Instant begin = home.server.now;
    home.out.clear();
    home.host.on_deadline(begin + 1s, home.controller, home.out);
    REQUIRE(all_of<SendText>(home.out).size() == 1);
    CHECK(all_of<SendText>(home.out)[0].text == R"({"type":"ping"})");
    home.host.on_deadline(begin + 4s, home.controller, home.out);
    CHECK(home.closed()->code == 1001);
    CHECK(home.host.links() == 0);
}

namespace {

const LinkAddress kHome{"home", "ws://10.0.0.1:4400/", "secret"};

// The other end: clients of this server who go to "home".
struct Away {
    void open(ConnectionId client, const LinkAddress& home = kHome) {
        forwarder.open(now, client, admission_of("standup", "p" + std::to_string(client)), home,
                       links, out);
        forwarder.ensure_invariants();
    }
    void hear(const LinkFrame& frame, LinkId link = 1) {
        forwarder.on_link_frame(now, link, write_link_frame(frame), links, out);
        forwarder.ensure_invariants();
    }
    void come_up(LinkId link = 1) {
        forwarder.on_link_open(now, link, links);
        hear(LinkWelcome{}, link);
    }
    void pass(base::Duration time) {
        const Instant end = now + time;
        while (forwarder.next_deadline() <= end) {
            now = std::max(now, forwarder.next_deadline());
            forwarder.on_deadline(now, links, out);
        }
        now = end;
        forwarder.ensure_invariants();
    }
    std::vector<LinkFrame> said() const {
        std::vector<LinkFrame> frames;
        for (const LinkOutput& output : links) {
            const auto* send = std::get_if<SendLink>(&output);
            if (send) frames.push_back(*parse_link_frame(send->text));
        }
        return frames;
    }
    template <typename T>
    size_t count() const {
        return static_cast<size_t>(std::count_if(links.begin(), links.end(), [](const auto& one) {
            return std::holds_alternative<T>(one);
        }));
    }

    Instant now = Instant::from_micros(1'000'000'000);
    Forwarder forwarder{"away"};
    LinkOutputs links;
    Outputs out;
};

}  // namespace

TEST_CASE("one link carries all clients of a server, and what they say waits for it") {
    Away away;
    away.open(5);
    away.open(6);
    away.forwarder.on_message(away.now, 6, "hello", away.links, away.out);
    REQUIRE(away.count<Dial>() == 1);
    CHECK(away.count<SendLink>() == 0);
    away.forwarder.on_link_open(away.now, 1, away.links);
    REQUIRE(away.said().size() == 1);
    const auto hello = std::get<LinkHello>(away.said()[0]);
    CHECK(hello.from == "away");
    CHECK(hello.to == "home");
    CHECK(hello.key == "secret");
    away.links.clear();
    away.hear(LinkWelcome{});
    const auto said = away.said();
    REQUIRE(said.size() == 3);
    CHECK(std::get<LinkOpen>(said[0]).admission.peer == "p5");
    CHECK(std::get<LinkOpen>(said[1]).admission.peer == "p6");
    CHECK(std::get<LinkText>(said[2]).connection == 2);
    CHECK(std::get<LinkText>(said[2]).text == "hello");
}

TEST_CASE("what the home says goes to the client it is for, and to no other") {
    Away away;
    away.open(5);
    away.open(6);
    away.come_up();
    away.hear(LinkText{1, "for five"});
    away.hear(LinkClose{2, 4403, "kicked"});
    const auto texts = all_of<SendText>(away.out);
    REQUIRE(texts.size() == 1);
    CHECK(texts[0].connection == 5);
    CHECK(texts[0].text == "for five");
    const auto closes = all_of<CloseConnection>(away.out);
    REQUIRE(closes.size() == 1);
    CHECK(closes[0].connection == 6);
    CHECK(closes[0].code == 4403);
    CHECK_FALSE(away.forwarder.has(6));
    away.hear(LinkText{2, "too late"});
    away.hear(LinkClose{2});
    CHECK(all_of<SendText>(away.out).size() == 1);
    CHECK(away.count<HangUp>() == 0);
}

TEST_CASE("a link that breaks, hangs or never comes sends its clients to connect again") {
    SUBCASE("it breaks") {
        Away away;
        away.open(5);
        away.come_up();
        away.forwarder.on_link_closed(away.now, 1, "broken", away.out);
        CHECK(all_of<CloseConnection>(away.out)[0].code == 4502);
        CHECK(away.forwarder.links() == 0);
        away.open(7);
        CHECK(away.count<Dial>() == 2);
    }
    SUBCASE("it hangs") {
        Away away;
        away.open(5);
        away.come_up();
        away.pass(4s);
        CHECK(all_of<CloseConnection>(away.out)[0].code == 4502);
        CHECK(away.count<HangUp>() == 1);
        CHECK(away.count<SendLink>() == 2 + 3);  // and pinged each second until then
    }
    SUBCASE("nobody answers") {
        Away away;
        away.open(5);
        away.pass(3s);
        CHECK(all_of<CloseConnection>(away.out)[0].code == 4502);
        CHECK(away.count<HangUp>() == 1);
    }
    SUBCASE("nobody says welcome") {
        Away away;
        away.open(5);
        away.forwarder.on_link_open(away.now, 1, away.links);
        away.pass(3s);
        CHECK(all_of<CloseConnection>(away.out)[0].code == 4502);
    }
}

TEST_CASE("a link that nobody needs is closed after a while") {
    Away away;
    away.open(5);
    away.come_up();
    away.forwarder.on_disconnect(away.now, 5, away.links);
    CHECK(std::holds_alternative<LinkClose>(away.said().back()));
    for (int i = 0; i < 59; ++i) {
        away.pass(1s);
        away.hear(LinkPing{});
    }
    CHECK(away.forwarder.links() == 1);
    away.pass(1s);
    CHECK(away.forwarder.links() == 0);
    CHECK(away.count<HangUp>() == 1);
    CHECK(all_of<CloseConnection>(away.out).empty());
}

TEST_CASE("a server that was started anew gets a new link, and its old one is no more") {
    Away away;
    away.open(5);
    away.come_up();
    away.open(6, {"home", kHome.address, "another key"});
    CHECK(all_of<CloseConnection>(away.out)[0].connection == 5);
    CHECK(away.count<Dial>() == 2);
    away.come_up(2);
    away.hear(LinkText{1, "for six"}, 2);
    CHECK(all_of<SendText>(away.out)[0].connection == 6);
}

TEST_CASE("frames of the home that are not as they should be end the link") {
    for (const std::string& text :
         {std::string("{"), write_link_frame(LinkText{9, "nobody"}),
          write_link_frame(LinkWelcome{}),
          write_link_frame(LinkOpen{1, admission_of("standup", "ada")}),
          write_link_frame(LinkHello{.from = "a", .to = "b", .key = "k"})}) {
        CAPTURE(text);
        Away away;
        away.open(5);
        away.come_up();
        away.forwarder.on_link_frame(away.now, 1, text, away.links, away.out);
        CHECK(away.count<HangUp>() == 1);
        CHECK(all_of<CloseConnection>(away.out)[0].code == 4502);
        CHECK(away.forwarder.counts().refused == 1);
    }
    Away away;
    away.open(5);
    away.forwarder.on_link_open(away.now, 1, away.links);
    away.hear(LinkWelcome{2});
    CHECK(away.count<HangUp>() == 1);
}

TEST_CASE("a client that floods its link is closed, and the others go on") {
    Away away;
    away.open(5);
    away.open(6);
    away.come_up();
    const std::string large(60'000, 'x');
    for (int i = 0; i < 18; ++i) {
        away.forwarder.on_message(away.now, 5, large, away.links, away.out);
    }
    const auto closes = all_of<CloseConnection>(away.out);
    REQUIRE(closes.size() == 1);
    CHECK(closes[0].connection == 5);
    CHECK(closes[0].code == 4429);
    CHECK(std::holds_alternative<LinkClose>(away.said().back()));
    CHECK(away.forwarder.has(6));
    CHECK(away.forwarder.counts().over_budget == 1);
}

TEST_CASE("a session longer than any of ours does not reach the link") {
    Away away;
    Admission admission = admission_of("standup", "ada");
    admission.session = std::string(10'000, 'x');
    away.forwarder.open(away.now, 5, admission, kHome, away.links, away.out);
    CHECK(all_of<CloseConnection>(away.out)[0].code == 4404);
    CHECK(away.forwarder.links() == 0);
}
