#include "common/shell/tcp_port.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <set>

#include "common/base/random.h"
#include "tests/unit/shell/drive.h"
#include "tests/unit/shell/tcp_client.h"

using namespace parley;
using namespace parley::shell;

namespace {

constexpr uint8_t kLocal = 3;  // of the first address

// A worker's port whose engine writes down what it hears.
struct Listener {
    explicit Listener(TcpPort::Limits limits = {}, std::vector<std::string> at = {"127.0.0.1"})
        : ips(std::move(at)) {
        std::vector<net::Address> listen;
        for (const std::string& ip : ips) listen.push_back(net::parse_ip(ip, 0).value());
        // A port that is free for the first address may be taken for another.
        for (int attempt = 0; attempt < 16 && !port; ++attempt) open(listen, limits);
        REQUIRE(port);
    }

    void open(const std::vector<net::Address>& listen, const TcpPort::Limits& limits) {
        auto first = TcpListener::listen(loop, listen[0], [](Fd, const net::Address&) {});
        REQUIRE(first.ok());
        number = (*first)->address().port;
        first->reset();
        auto opened = TcpPort::open(
            loop, listen, number, kLocal,
            {[this](base::Instant, std::span<net::Datagram> batch) { on_batch(batch); },
             [this](base::Instant, const net::Path& path) { closed.push_back(path); },
             [this](const net::Path& path) {
                 return everybody_known || known.contains(net::to_text(path.remote));
             }},
            limits);
        if (opened) port = std::move(*opened);
    }

    void on_batch(std::span<net::Datagram> batch) {
        CHECK(batch.size() <= limits::kReceiveBatch);
        for (const net::Datagram& datagram : batch) {
            const std::string text(base::as_text(datagram.bytes));
            if (text == "check") known.insert(net::to_text(datagram.path.remote));
            heard.emplace_back(datagram.path, text);
        }
    }

    net::Address address(size_t index = 0) const {
        return net::parse_ip(ips[index], number).value();
    }
    std::vector<std::string> texts() const {
        std::vector<std::string> all;
        for (const auto& [path, text] : heard) all.push_back(text);
        return all;
    }
    bool hears(size_t count) {
        return drive(loop, [&] { return heard.size() >= count; });
    }
    bool has(size_t connections) {
        return drive(loop, [&] { return port->connections() == connections; });
    }
    void say(const net::Path& to, std::string text) {
        port->send({to, {reinterpret_cast<uint8_t*>(text.data()), text.size()}});
    }

    std::vector<std::string> ips;
    Loop loop;
    uint16_t number = 0;
    std::unique_ptr<TcpPort> port;
    std::vector<std::pair<net::Path, std::string>> heard;
    std::vector<net::Path> closed;
    std::set<std::string> known;
    bool everybody_known = false;
};

}  // namespace

TEST_CASE("a datagram comes with its connection as its path, and the answer goes back on it") {
    Listener worker({}, {"127.0.0.1", "::1"});
    for (uint8_t i = 0; i < 2; ++i) {
        TcpClient client(worker.address(i));
        client.say("check");
        REQUIRE(worker.hears(i + 1u));
        const net::Path path = worker.heard[i].first;
        CHECK(path == net::Path{client.address(), static_cast<uint8_t>(kLocal + i)});
        worker.say(path, "yes");
        worker.say(path, "");
        worker.port->flush();
        std::string answer;
        REQUIRE(drive(worker.loop, [&] { return (answer += client.read()).size() >= 7; }));
        CHECK(answer == TcpClient::framed("yes") + TcpClient::framed(""));
    }
}

TEST_CASE("datagrams are found in the stream byte by byte, and many in one piece") {
    Listener worker;
    TcpClient client(worker.address());
    for (const char byte : TcpClient::framed("slow")) {
        client.write({&byte, 1});
        settle(worker.loop);
    }
    REQUIRE(worker.hears(1));
    CHECK(worker.texts() == std::vector<std::string>{"slow"});
    std::string stream;
    for (int i = 0; i < 500; ++i) stream += TcpClient::framed(std::string(100, 'v'));
    client.write(stream);
    REQUIRE(worker.hears(501));
    CHECK(worker.heard.back().second == std::string(100, 'v'));
    CHECK(worker.closed.empty());
}

TEST_CASE("the end of a connection is told once, however it ends") {
    Listener worker;
    std::optional<TcpClient> client(worker.address());
    client->say("check");
    REQUIRE(worker.hears(1));
    SUBCASE("closed") {
        client.reset();
    }
    SUBCASE("reset") {
        client->reset();
    }
    SUBCASE("reset while something waits to be written") {
        for (int i = 0; i < 100; ++i) worker.say(worker.heard[0].first, std::string(1'500, 'v'));
        worker.port->flush();
        client->reset();
        settle(worker.loop);
        worker.say(worker.heard[0].first, "voice");
        worker.port->flush();
    }
    REQUIRE(worker.has(0));
    REQUIRE(worker.closed.size() == 1);
    CHECK(worker.closed[0] == worker.heard[0].first);
    worker.say(worker.closed[0], "voice");
    worker.port->flush();
    CHECK(worker.port->drops()[net::Drop::SendFailed] > 0);
}

TEST_CASE("a frame longer than a datagram ends the connection, and is counted") {
    Listener worker;
    TcpClient client(worker.address());
    client.say("before");
    client.write("GET / HTTP/1.1\r\n\r\n");  // a length of 18245
    REQUIRE(drive(worker.loop, [&] { return client.ended(); }));
    CHECK(worker.texts() == std::vector<std::string>{"before"});
    CHECK(worker.port->drops()[net::Drop::TooLong] == 1);
    CHECK(worker.closed.size() == 1);
}

TEST_CASE("who proves nothing is closed after a while, and who does may stay") {
    Listener worker({.proof = 50ms, .sweep = 5ms});
    TcpClient silent(worker.address()), garbled(worker.address()), known(worker.address());
    known.say("check");
    garbled.say("no check");
    REQUIRE(worker.hears(2));
    REQUIRE(worker.has(1));
    CHECK(silent.ended());
    CHECK(garbled.ended());
    CHECK_FALSE(known.ended());
    worker.known.clear();  // consent ends
    REQUIRE(worker.has(0));
    CHECK(known.ended());
    CHECK(worker.closed.size() == 3);
}

TEST_CASE("half a frame may wait only so long, also of who is known") {
    Listener worker({.half_frame = 50ms, .sweep = 5ms});
    worker.everybody_known = true;
    TcpClient slow(worker.address()), good(worker.address());
    good.say("check");
    slow.say("check");
    slow.write(TcpClient::framed("never whole").substr(0, 5));
    REQUIRE(worker.has(1));
    CHECK(slow.ended());
    CHECK_FALSE(good.ended());
    CHECK(worker.texts() == std::vector<std::string>(2, "check"));
}

TEST_CASE("one address may have so many connections, and no more") {
    Listener worker({.per_address = 2}, {"127.0.0.1", "::1"});
    TcpClient first(worker.address()), second(worker.address());
    REQUIRE(worker.has(2));
    TcpClient third(worker.address());
    REQUIRE(drive(worker.loop, [&] { return third.ended(); }));
    CHECK(worker.port->connections() == 2);
    TcpClient elsewhere(worker.address(1));
    REQUIRE(worker.has(3));
    first.reset();
    REQUIRE(worker.has(2));
    TcpClient again(worker.address());
    REQUIRE(worker.has(3));
    CHECK_FALSE(again.ended());
}

TEST_CASE("strangers who only connect keep nobody out, and who is known stays") {
    Listener worker({.connections = 6, .strangers = 3});
    TcpClient known(worker.address());
    known.say("check");
    REQUIRE(worker.hears(1));
    std::vector<TcpClient> strangers;
    for (int i = 0; i < 5; ++i) {
        strangers.emplace_back(worker.address());
        const auto accepted = static_cast<size_t>(std::min(i + 2, 4));
        REQUIRE(drive(worker.loop, [&] {
            return worker.port->connections() == accepted &&
                   worker.closed.size() == (i < 3 ? 0u : static_cast<size_t>(i - 2));
        }));
    }
    CHECK(strangers[0].ended());
    CHECK(strangers[1].ended());
    CHECK_FALSE(strangers[2].ended());
    CHECK_FALSE(known.ended());
    strangers[4].say("check");
    REQUIRE(worker.hears(2));
    CHECK_FALSE(strangers[4].ended());
}

TEST_CASE("there are so many connections and no more, and those who are known stay") {
    Listener worker({.connections = 2});
    TcpClient first(worker.address()), second(worker.address());
    first.say("check");
    second.say("check");
    REQUIRE(worker.hears(2));
    TcpClient third(worker.address());
    REQUIRE(drive(worker.loop, [&] { return third.ended(); }));
    CHECK_FALSE(first.ended());
    CHECK_FALSE(second.ended());
}

TEST_CASE("to who does not read what would be late is dropped, and no datagram is cut") {
    Listener worker;
    TcpClient client(worker.address());
    client.say("check");
    REQUIRE(worker.hears(1));
    const net::Path path = worker.heard[0].first;
    // More than the kernels of both ends keep.
    constexpr int kDatagrams = 100'000;
    for (int i = 0; i < kDatagrams; ++i) {
        worker.say(path, std::string(1'000, static_cast<char>('a' + i % 26)));
        if (i % 16 == 0) worker.port->flush();
    }
    worker.port->flush();
    const uint64_t dropped = worker.port->drops()[net::Drop::TcpBacklogFull];
    CHECK(dropped > 0);
    const size_t due = (kDatagrams - dropped) * TcpClient::framed(std::string(1'000, 'v')).size();
    std::string stream;
    REQUIRE(drive(
        worker.loop, [&] { return (stream += client.read()).size() >= due; }, 20s));
    REQUIRE(stream.size() == due);
    for (size_t at = 0; at < due; at += 1'002) {
        const std::string_view frame = std::string_view(stream).substr(at, 1'002);
        REQUIRE(frame.substr(0, 2) == std::string_view("\x03\xe8", 2));
        REQUIRE(frame.find_first_not_of(frame[2], 2) == frame.npos);
    }
    CHECK(worker.port->drops().total() == dropped);
}

TEST_CASE("garbage of a stranger is taken for datagrams or closed, and nothing else suffers") {
    Listener worker;
    TcpClient good(worker.address());
    base::SeededRandom random(9);
    size_t said = 0;
    for (int i = 0; i < 40; ++i) {
        TcpClient bad(worker.address());
        std::vector<uint8_t> bytes(1 + random.below(6'000));
        random.fill(bytes);
        if (random.below(2) == 0) bytes[0] = 0;
        bad.write(base::as_text(bytes));
        good.say("good");
        ++said;
        REQUIRE(drive(worker.loop, [&] {
            const auto texts = worker.texts();
            return static_cast<size_t>(std::count(texts.begin(), texts.end(), "good")) == said;
        }));
    }
    CHECK_FALSE(good.ended());
    REQUIRE(worker.has(1));
}

TEST_CASE("one connection that sends without end leaves the others their turn") {
    Listener worker;
    TcpClient greedy(worker.address()), modest(worker.address());
    modest.say("hello");
    greedy.say("begin");
    REQUIRE(worker.hears(2));
    worker.heard.clear();
    std::string stream;
    for (int i = 0; i < 2'000; ++i) stream += TcpClient::framed(std::string(98, 'v'));
    greedy.write(stream);
    modest.say("hello");
    REQUIRE(drive(worker.loop, [&] { return worker.heard.size() == 2'001; }));
    const auto texts = worker.texts();
    const auto hello = std::find(texts.begin(), texts.end(), "hello") - texts.begin();
    constexpr auto kOneTurn = limits::kTcpReadsPerTurn * limits::kTcpReadBytes / 100 + 1;
    CHECK(hello <= static_cast<ptrdiff_t>(kOneTurn));
}

TEST_CASE("a port that is taken is refused with the address and the reason") {
    Listener worker;
    Loop loop;
    const auto address = worker.address();
    const auto second = TcpPort::open(loop, std::span(&address, 1), worker.number, 1, {}, {});
    REQUIRE_FALSE(second.ok());
    CHECK(second.error() == "cannot listen on TCP 127.0.0.1:" + std::to_string(worker.number) +
                                ": Address already in use");
}
