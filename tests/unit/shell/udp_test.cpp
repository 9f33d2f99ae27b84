#include "common/shell/udp.h"

#include <doctest/doctest.h>

#include <optional>

#include "common/base/bytes.h"
#include "common/base/random.h"
#include "tests/unit/shell/drive.h"

using namespace parley;
using namespace parley::shell;

namespace {

// One end of a conversation over loopback: what it hears, by path, and what it says.
class Talker {
public:
    explicit Talker(Loop& loop, std::vector<std::string> ips = {"127.0.0.1"}) : ips_(ips) {
        std::vector<net::Address> listen;
        for (const std::string& ip : ips) listen.push_back(net::parse_ip(ip, 0).value());
        auto opened = UdpPort::open(loop, listen, 0, [this](base::Instant now, auto batch) {
            last_batch_at = now;
            for (const net::Datagram& datagram : batch) {
                heard.emplace_back(datagram.path,
                                   std::string(base::as_text(datagram.bytes)));
            }
        });
        REQUIRE(opened.ok());
        port = std::move(opened.value());
    }

    net::Address address(size_t local = 0) const {
        return net::parse_ip(ips_[local], port->port()).value();
    }

    Talker& say(const net::Address& to, std::string text, uint8_t local = 0) {
        texts_.push_back({net::Path{to, local}, std::move(text)});
        return *this;
    }

    void flush() {
        std::vector<net::Datagram> batch;
        for (auto& [path, text] : texts_) {
            batch.push_back({path, {reinterpret_cast<uint8_t*>(text.data()), text.size()}});
        }
        port->send(batch);
        texts_.clear();
    }

    std::vector<std::string> texts_heard() const {
        std::vector<std::string> texts;
        for (const auto& [path, text] : heard) texts.push_back(text);
        return texts;
    }

    std::unique_ptr<UdpPort> port;
    std::vector<std::pair<net::Path, std::string>> heard;
    base::Instant last_batch_at;

private:
    std::vector<std::string> ips_;
    std::vector<std::pair<net::Path, std::string>> texts_;
};

std::string numbered(int number, size_t size) {
    std::string text = std::to_string(number) + ":";
    text.resize(size, 'v');
    return text;
}

}  // namespace

TEST_CASE("a datagram arrives with the path it came by, and the answer finds its way back") {
    Loop loop;
    Talker ada(loop), bob(loop);
    const base::Instant before = loop.now();
    ada.say(bob.address(), "hello").flush();
    REQUIRE(drive(loop, [&] { return bob.heard.size() == 1; }));
    CHECK(bob.heard[0].second == "hello");
    CHECK(bob.heard[0].first == net::Path{ada.address(), 0});
    CHECK(bob.last_batch_at >= before);

    bob.say(bob.heard[0].first.remote, "and to you").flush();
    REQUIRE(drive(loop, [&] { return ada.heard.size() == 1; }));
    CHECK(ada.heard[0].second == "and to you");
    CHECK(bob.port->counters().packets_received == 1);
    CHECK(bob.port->counters().bytes_sent == 10);
}

TEST_CASE("IPv4 and IPv6 share a port number and are told apart by their index") {
    Loop loop;
    Talker server(loop, {"127.0.0.1", "::1"}), four(loop), six(loop, {"::1"});
    CHECK(server.address(0).port == server.address(1).port);
    four.say(server.address(0), "over four").flush();
    REQUIRE(drive(loop, [&] { return server.heard.size() == 1; }));
    six.say(server.address(1), "over six").flush();
    REQUIRE(drive(loop, [&] { return server.heard.size() == 2; }));
    CHECK(server.heard[0].first == net::Path{four.address(), 0});
    CHECK(server.heard[1].first == net::Path{six.address(), 1});

    server.say(six.address(), "six", 1).say(four.address(), "four", 0).flush();
    REQUIRE(drive(loop, [&] { return four.heard.size() + six.heard.size() == 2; }));
    CHECK(four.texts_heard() == std::vector<std::string>{"four"});
    CHECK(six.texts_heard() == std::vector<std::string>{"six"});
}

TEST_CASE("a port that is taken, and no address at all, are errors that say so") {
    Loop loop;
    Talker first(loop);
    const std::vector<net::Address> listen = {first.address()};
    const auto taken = UdpPort::open(loop, listen, first.port->port(), {});
    REQUIRE_FALSE(taken.ok());
    CHECK(taken.error().find(net::to_text(first.address())) != std::string::npos);
    CHECK(taken.error().find("in use") != std::string::npos);
    CHECK_FALSE(UdpPort::open(loop, {}, 0, {}).ok());
    const std::vector<net::Address> elsewhere = {net::parse_ip("192.0.2.1", 0).value()};
    CHECK_FALSE(UdpPort::open(loop, elsewhere, 0, {}).ok());
}

TEST_CASE("a datagram of the greatest size is heard, a longer one is a counted drop") {
    Loop loop;
    Talker ada(loop), bob(loop);
    const std::string longest(limits::kDatagramBytes, 'x');
    ada.say(bob.address(), longest + "y").say(bob.address(), longest).flush();
    REQUIRE(drive(loop, [&] { return bob.heard.size() == 1; }));
    CHECK(bob.heard[0].second == longest);
    CHECK(bob.port->drops()[net::Drop::TooLong] == 1);
    CHECK(bob.port->counters().packets_received == 2);
}

TEST_CASE("packets of equal size to one listener leave in one message, and arrive apart") {
    Loop loop;
    Talker server(loop), bob(loop);
    REQUIRE(server.port->sender().segments());
    std::vector<std::string> said;
    for (int i = 0; i < 40; ++i) {
        said.push_back(numbered(i, i == 39 ? 50 : 120));  // the last may be shorter
        server.say(bob.address(), said.back());
    }
    server.flush();
    REQUIRE(drive(loop, [&] { return bob.heard.size() == said.size(); }));
    CHECK(bob.texts_heard() == said);
    CHECK(server.port->counters().packets_sent == 40);
    CHECK(server.port->counters().send_calls == 1);
    CHECK(server.port->sender().segments());
}

TEST_CASE("any mixture of sizes and listeners arrives whole and in order at each") {
    for (const bool segments : {true, false}) {
        CAPTURE(segments);
        Loop loop;
        Talker server(loop, {"127.0.0.1", "::1"});
        server.port->sender().use_segments(segments);
        Talker ada(loop), bob(loop), eve(loop, {"::1"});
        const std::vector<Talker*> listeners = {&ada, &bob, &eve};
        std::vector<std::vector<std::string>> said(3);
        base::SeededRandom random(11);
        for (int i = 0; i < 1'200; ++i) {  // more than one chunk of the sender
            const size_t who = random.below(3);
            // Equal runs, shorter and longer ones, empty ones, ones too large for a segment.
            const size_t sizes[] = {120, 120, 120, 120, 60, 200, 0, 1'452, 1'500};
            const size_t size = sizes[random.below(std::size(sizes))];
            said[who].push_back(size == 0 ? "" : numbered(i, size));
            server.say(listeners[who]->address(), said[who].back(), who == 2 ? 1 : 0);
        }
        server.flush();
        const auto all = [&] {
            return ada.heard.size() + bob.heard.size() + eve.heard.size() == 1'200;
        };
        REQUIRE(drive(loop, all));
        for (size_t who = 0; who < 3; ++who) CHECK(listeners[who]->texts_heard() == said[who]);
        CHECK(server.port->drops().total() == 0);
        CHECK(server.port->counters().packets_sent == 1'200);
    }
}

TEST_CASE("one destination that can not be reached costs the others nothing") {
    Loop loop;
    Talker server(loop), bob(loop), eve(loop);
    // Broadcast without leave to: EACCES.
    const net::Address bad = net::parse_ip("255.255.255.255", 9).value();
    for (int i = 0; i < 100; ++i) {
        server.say(bob.address(), numbered(i, 100));
        if (i % 10 == 0) server.say(bad, "lost").say(bad, "lost");
        server.say(eve.address(), numbered(i, static_cast<size_t>(100 + i)));
    }
    server.flush();
    REQUIRE(drive(loop, [&] { return bob.heard.size() + eve.heard.size() == 200; }));
    CHECK(server.port->drops()[net::Drop::SendFailed] == 20);
    CHECK(server.port->drops().total() == 20);
    CHECK(server.port->counters().packets_sent == 200);
}

TEST_CASE("a listener who went away does not stop the sender") {
    Loop loop;
    Talker server(loop), bob(loop);
    std::optional<Talker> gone(std::in_place, loop);
    const net::Address nobody = gone->address();
    gone.reset();
    for (int i = 0; i < 50; ++i) {
        server.say(nobody, "are you there").say(bob.address(), numbered(i, 100));
        server.flush();
    }
    REQUIRE(drive(loop, [&] { return bob.heard.size() == 50; }));
    bob.say(server.address(), "yes").flush();
    CHECK(drive(loop, [&] { return server.heard.size() == 1; }));
}

TEST_CASE("a kernel that refuses segments is asked for plain datagrams, for good") {
    Loop loop;
    Talker server(loop), bob(loop);
    // SO_NO_CHECK makes Linux refuse UDP_SEGMENT.
    const auto refusing = [] {
        Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        const int on = 1;
        REQUIRE(setsockopt(fd.get(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof on) == 0);
        return fd;
    }();
    const int fds[] = {refusing.get()};
    DatagramSender sender;
    net::Drops drops;
    std::vector<uint8_t> voice(100, 'v');
    const std::vector<net::Datagram> batch(3, {net::Path{bob.address(), 0}, voice});
    int rounds = 0;
    for (; sender.segments() && rounds < 1'000; ++rounds) sender.send(fds, batch, drops);
    CHECK(rounds < 1'000);
    sender.send(fds, batch, drops);
    ++rounds;
    const size_t sent = static_cast<size_t>(rounds) * batch.size();
    REQUIRE(drive(loop, [&] { return bob.heard.size() == sent; }));
    CHECK(sender.packets() == sent);
    CHECK(drops.total() == 0);
}

TEST_CASE("a full send buffer is a counted drop, never a wait") {
    // Loopback is never slow enough to fill a UDP socket. A pair of SOCK_SEQPACKET sockets, which
    // ignore the address they are given, fills up as soon as nobody reads at the far end.
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    const Fd near(ends[0]), far(ends[1]);
    const int fds[] = {near.get()};
    DatagramSender sender;
    sender.use_segments(false);
    net::Drops drops;
    std::vector<uint8_t> voice(1'000, 'v');
    const net::Path path{net::Address::v4(0x7f000001, 9), 0};
    const std::vector<net::Datagram> batch(5'000, {path, voice});
    sender.send(fds, batch, drops);
    CHECK(sender.packets() > 0);
    CHECK(drops[net::Drop::SendBufferFull] > 0);
    CHECK(sender.packets() + drops.total() == batch.size());
    CHECK(drops.total() == drops[net::Drop::SendBufferFull]);

    const uint64_t before = sender.packets();
    while (recv(far.get(), voice.data(), voice.size(), MSG_DONTWAIT) > 0) {}
    sender.send(fds, std::span(batch).first(1), drops);
    CHECK(sender.packets() == before + 1);
}
