#include <doctest/doctest.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <map>
#include <optional>
#include <vector>

#include "common/shell/pipe_server.h"
#include "common/shell/unix_socket.h"
#include "tests/unit/shell/drive.h"
#include "tests/unit/shell/temporary_directory.h"

using namespace parley;
using namespace parley::shell;

namespace {

// A server that keeps what it hears.
struct Server {
    explicit Server(Loop& loop, const std::string& path, PipeLimits limits = {}, size_t most = 4) {
        PipeServer::Events events;
        events.on_connected = [this](auto id) { connected.push_back(id); };
        events.on_frame = [this](auto id, base::Bytes frame) {
            heard.emplace_back(base::as_text(frame));
            if (echo) pipe->send(id, frame);
        };
        events.on_closed = [this](auto id, std::string_view reason) {
            REQUIRE_FALSE(closed.contains(id));
            closed[id] = reason;
        };
        auto listening = PipeServer::listen(loop, path, most, events, limits);
        REQUIRE(listening.ok());
        pipe = std::move(*listening);
    }

    bool echo = false;
    std::vector<PipeServer::ConnectionId> connected;
    std::vector<std::string> heard;
    std::map<PipeServer::ConnectionId, std::string> closed;
    std::unique_ptr<PipeServer> pipe;
};

struct Client {
    Client(Loop& loop, const std::string& path, PipeLimits limits = {}) {
        PipeConnection::Events events;
        events.on_frame = [this](base::Bytes frame) { heard.emplace_back(base::as_text(frame)); };
        events.on_closed = [this](std::string_view reason) {
            pipe.reset();  // as one may
            closed = reason;
        };
        auto connected = PipeConnection::connect(loop, path, events, limits);
        REQUIRE(connected.ok());
        pipe = std::move(*connected);
    }

    void send(std::string_view text) { CHECK(pipe->send(base::as_bytes(text))); }

    std::vector<std::string> heard;
    std::optional<std::string> closed;
    std::unique_ptr<PipeConnection> pipe;
};

}  // namespace

TEST_CASE("frames go both ways, whole and in order") {
    Loop loop;
    const TemporaryDirectory directory;
    Server server(loop, directory.path("worker.sock"));
    server.echo = true;
    Client client(loop, directory.path("worker.sock"));
    std::vector<std::string> said = {"hello", "", std::string(300'000, 'x'), "bye"};
    for (const std::string& text : said) client.send(text);
    REQUIRE(drive(loop, [&] { return client.heard.size() == said.size(); }));
    CHECK(server.heard == said);
    CHECK(client.heard == said);
}

TEST_CASE("a frame that comes byte by byte is heard when its last byte came") {
    Loop loop;
    const TemporaryDirectory directory;
    Server server(loop, directory.path("worker.sock"));
    const Fd raw = std::move(*connect_unix(directory.path("worker.sock")));
    const std::string stream("\3\0\0\0one\3\0\0\0two", 14);
    for (size_t i = 0; i < stream.size(); ++i) {
        CHECK(server.heard.size() == i / 7);
        REQUIRE(send(raw.get(), &stream[i], 1, 0) == 1);
        int unread = 1;  // by the server, for it reads one byte in a turn
        REQUIRE(drive(loop, [&] {
            return ioctl(raw.get(), SIOCOUTQ, &unread) == 0 && unread == 0;
        }));
    }
    CHECK(server.heard == std::vector<std::string>{"one", "two"});
}

TEST_CASE("a frame over the limit ends that connection, not the others") {
    Loop loop;
    const TemporaryDirectory directory;
    Server server(loop, directory.path("worker.sock"), {.frame_bytes = 100});
    Client good(loop, directory.path("worker.sock"));
    Client bad(loop, directory.path("worker.sock"));
    good.send(std::string(100, 'x'));
    bad.send(std::string(101, 'x'));
    REQUIRE(drive(loop, [&] { return bad.closed && !server.heard.empty(); }));
    CHECK(server.closed.size() == 1);
    CHECK(server.closed.begin()->second == "a frame is too long");
    good.send("still here");
    CHECK(drive(loop, [&] { return server.heard.size() == 2; }));
}

TEST_CASE("one that reads too slowly is given up when too much waits for it, and only then") {
    Loop loop;
    const TemporaryDirectory directory;
    Server server(loop, directory.path("worker.sock"), {.backlog_bytes = 1'000'000});
    const Fd slow = std::move(*connect_unix(directory.path("worker.sock")));
    REQUIRE(drive(loop, [&] { return server.connected.size() == 1; }));
    const std::vector<uint8_t> frame(10'000);
    int sent = 0;
    while (server.pipe->send(1, frame) && sent < 1'000) ++sent;
    CHECK(sent >= 99);  // the kernel has some room as well
    CHECK(sent < 1'000);
    CHECK(server.closed.empty());  // never from inside send()
    CHECK_FALSE(server.pipe->send(1, frame));
    REQUIRE(drive(loop, [&] { return !server.closed.empty(); }));
    CHECK(server.closed[1] == "the other end reads too slowly");
    CHECK(server.pipe->connections() == 0);
}

TEST_CASE("what waited for a slow reader arrives once it reads") {
    Loop loop;
    const TemporaryDirectory directory;
    Server server(loop, directory.path("worker.sock"));
    const Fd slow = std::move(*connect_unix(directory.path("worker.sock")));
    REQUIRE(drive(loop, [&] { return server.connected.size() == 1; }));
    std::vector<uint8_t> frame(10'007);
    for (uint8_t number = 0; number < 200; ++number) {
        frame.back() = number;
        REQUIRE(server.pipe->send(1, frame));
    }
    FrameReader reader(limits::kPipeFrameBytes);
    std::vector<uint8_t> room(7'919);
    uint8_t expected = 0;
    const auto read_some = [&] {
        const ssize_t got = recv(slow.get(), room.data(), room.size(), MSG_DONTWAIT);
        base::Bytes bytes(room.data(), got > 0 ? static_cast<size_t>(got) : 0);
        while (reader.take(bytes)) {
            CHECK(reader.body().size() == frame.size());
            CHECK(reader.body().back() == expected++);
        }
    };
    Watch watch(loop, slow.get(), [&] { read_some(); });
    CHECK(drive(loop, [&] { return expected == 200; }));
}

TEST_CASE("both ends hear of the end once, whoever ended it") {
    Loop loop;
    const TemporaryDirectory directory;
    Server server(loop, directory.path("worker.sock"));
    Client leaves(loop, directory.path("worker.sock"));
    Client is_told(loop, directory.path("worker.sock"));
    REQUIRE(drive(loop, [&] { return server.connected.size() == 2; }));
    leaves.pipe->close("had enough");
    leaves.pipe->close("again");
    CHECK_FALSE(leaves.pipe->send(base::as_bytes("too late")));
    server.pipe->close(2, "not you");
    server.pipe->close(77, "nobody");
    REQUIRE(drive(loop, [&] {
        return leaves.closed && is_told.closed && server.closed.size() == 2;
    }));
    CHECK(leaves.closed == "had enough");
    CHECK(is_told.closed == "the other end closed");
    CHECK(server.closed[1] == "the other end closed");
    CHECK(server.closed[2] == "not you");
}

TEST_CASE("more connections than are served are closed as they come") {
    Loop loop;
    const TemporaryDirectory directory;
    Server server(loop, directory.path("worker.sock"), {}, 1);
    Client first(loop, directory.path("worker.sock"));
    REQUIRE(drive(loop, [&] { return server.connected.size() == 1; }));
    Client second(loop, directory.path("worker.sock"));
    REQUIRE(drive(loop, [&] { return second.closed.has_value(); }));
    first.pipe->close("make room");
    REQUIRE(drive(loop, [&] { return server.closed.size() == 1; }));
    Client third(loop, directory.path("worker.sock"));
    REQUIRE(drive(loop, [&] { return server.connected.size() == 2; }));
    CHECK(server.connected.back() == 2);  // ids are not used twice
}

TEST_CASE("a socket file is private, replaced when nobody answers, and left alone otherwise") {
    Loop loop;
    const TemporaryDirectory directory;
    const std::string path = directory.path("worker.sock");
    CHECK_FALSE(connect_unix(path).ok());
    { const Fd left_behind = std::move(*listen_unix(path)); }
    CHECK_FALSE(connect_unix(path).ok());
    {
        Server server(loop, path);
        struct stat file;
        REQUIRE(stat(path.c_str(), &file) == 0);
        CHECK((file.st_mode & 0777) == 0600);
        const auto second = listen_unix(path);
        REQUIRE_FALSE(second.ok());
        CHECK(second.error().find(path) != std::string::npos);
        CHECK(connect_unix(path).ok());
    }
    CHECK_FALSE(std::filesystem::exists(path));

    directory.write("notes.txt", "keep me");
    CHECK_FALSE(listen_unix(directory.path("notes.txt")).ok());
    CHECK(directory.read("notes.txt") == "keep me");
    CHECK_FALSE(listen_unix(directory.path(std::string(200, 'x'))).ok());
    CHECK_FALSE(connect_unix(directory.path(std::string(200, 'x'))).ok());
}
