#include "common/shell/media_port.h"

#include <doctest/doctest.h>

#include "common/base/bytes.h"
#include "tests/unit/shell/drive.h"
#include "tests/unit/shell/tcp_client.h"

using namespace parley;
using namespace parley::shell;

namespace {

// A worker's port on loopback, which remembers where each word came from.
struct Worker {
    explicit Worker(bool tcp = true, uint16_t number = 0) {
        const net::Address listen = net::parse_ip("127.0.0.1", 0).value();
        auto opened = MediaPort::open(
            loop, std::span(&listen, 1), number, tcp,
            {[this](base::Instant, std::span<net::Datagram> batch) {
                 for (const net::Datagram& datagram : batch) {
                     heard.emplace_back(datagram.path, base::as_text(datagram.bytes));
                 }
             },
             [](base::Instant, const net::Path&) {}, [](const net::Path&) { return true; }});
        if (opened) {
            port = std::move(*opened);
        } else {
            error = opened.error();
        }
    }

    net::Address address() const { return net::parse_ip("127.0.0.1", port->port()).value(); }

    Loop loop;
    std::unique_ptr<MediaPort> port;
    std::string error;
    std::vector<std::pair<net::Path, std::string>> heard;
};

}  // namespace

TEST_CASE("one port hears UDP and TCP, and answers each the way it came") {
    Worker worker, bob;
    TcpClient client(worker.address());
    client.say("by tcp");
    REQUIRE(drive(worker.loop, [&] { return worker.heard.size() == 1; }));
    std::string text = "by udp";
    const std::span<uint8_t> bytes(reinterpret_cast<uint8_t*>(text.data()), text.size());
    const net::Datagram there{{worker.address(), 0}, bytes};
    bob.port->send(std::span(&there, 1));
    REQUIRE(drive(worker.loop, [&] { return worker.heard.size() == 2; }));
    CHECK(worker.heard[0].first == net::Path{client.address(), 1});
    CHECK(worker.heard[1].first == net::Path{bob.address(), 0});

    const net::Datagram back[] = {{worker.heard[0].first, bytes.first(2)},
                                  {worker.heard[1].first, bytes},
                                  {worker.heard[0].first, bytes.first(1)}};
    worker.port->send(back);
    REQUIRE(drive(bob.loop, [&] { return bob.heard.size() == 1; }));
    CHECK(bob.heard[0].second == "by udp");
    std::string answer;
    REQUIRE(drive(worker.loop, [&] { return (answer += client.read()).size() >= 7; }));
    CHECK(answer == TcpClient::framed("by") + TcpClient::framed("b"));
    CHECK(worker.port->drops().total() == 0);
    CHECK(worker.port->tcp_connections() == 1);
}

TEST_CASE("what goes to a connection that has ended is counted, and UDP goes on") {
    Worker worker, bob;
    std::string text = "voice";
    const std::span<uint8_t> bytes(reinterpret_cast<uint8_t*>(text.data()), text.size());
    const net::Datagram batch[] = {{{bob.address(), 1}, bytes}, {{bob.address(), 0}, bytes}};
    worker.port->send(batch);
    REQUIRE(drive(bob.loop, [&] { return bob.heard.size() == 1; }));
    CHECK(worker.port->drops()[net::Drop::SendFailed] == 1);
}

TEST_CASE("a number that is taken for TCP alone is opened for UDP, and for TCP when it is free") {
    Loop loop;
    for (int attempt = 1;; ++attempt) {
        auto taken = TcpListener::listen(loop, net::parse_ip("127.0.0.1", 0).value(),
                                         [](Fd, const net::Address&) {});
        REQUIRE(taken.ok());
        const uint16_t number = (*taken)->address().port;
        Worker worker(true, number);
        if (!worker.port && attempt < 16) continue;  // somebody has it for UDP
        REQUIRE(worker.port);
        CHECK_FALSE(worker.port->takes_tcp());
        CHECK(worker.port->tcp_error() == "cannot listen on TCP 127.0.0.1:" +
                                              std::to_string(number) + ": Address already in use");
        CHECK_FALSE(worker.port->reopen_tcp());
        *taken = nullptr;
        CHECK(worker.port->reopen_tcp());
        CHECK(worker.port->takes_tcp());
        CHECK(worker.port->tcp_error().empty());
        CHECK_FALSE(worker.port->reopen_tcp());  // is open already
        TcpClient client(worker.address());
        client.say("by tcp");
        CHECK(drive(worker.loop, [&] { return worker.heard.size() == 1; }));
        return;
    }
}

TEST_CASE("TCP that is switched off is not open, and nothing is wrong with it") {
    Worker worker(false);
    REQUIRE(worker.port);
    CHECK_FALSE(worker.port->takes_tcp());
    CHECK(worker.port->tcp_error().empty());
    CHECK_FALSE(worker.port->reopen_tcp());
    CHECK(worker.port->tcp_connections() == 0);
}
