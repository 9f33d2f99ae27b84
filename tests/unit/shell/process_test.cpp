#include "common/shell/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "common/shell/fd.h"
#include "common/shell/signals.h"
#include "tests/unit/shell/drive.h"
#include "tests/unit/shell/temporary_directory.h"

using namespace parley;
using namespace parley::shell;

namespace {

struct Child {
    Child(Loop& loop, std::vector<std::string> args, int output = 2)
        : process(std::move(*Process::start(loop, {"/bin/sh", std::move(args), output},
                                            [this](Exit how) { exit = how; }))) {}

    std::optional<Exit> exit;
    std::unique_ptr<Process> process;
};

}  // namespace

TEST_CASE("a child's end is told: its code, or the signal that ended it") {
    Loop loop;
    Child ends(loop, {"-c", "exit 7"}), is_killed(loop, {"-c", "exec sleep 1000"});
    CHECK(is_killed.process->pid() > 0);
    is_killed.process->kill(SIGKILL);
    REQUIRE(drive(loop, [&] { return ends.exit && is_killed.exit; }));
    CHECK(ends.exit->text() == "exit 7");
    CHECK(is_killed.exit->text() == "signal 9");
    is_killed.process->kill(SIGKILL);  // nobody
}

TEST_CASE("what can not be started is an error that names it") {
    Loop loop;
    const auto none = Process::start(loop, {"/no/such/program", {}}, {});
    REQUIRE_FALSE(none.ok());
    CHECK(none.error().find("/no/such/program") != std::string::npos);
}

TEST_CASE("a child has its output, a session of its own, and none of our descriptors") {
    Loop loop;
    const TemporaryDirectory directory;
    const Fd log(open(directory.path("log").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    const Fd ours(socket(AF_UNIX, SOCK_STREAM, 0));  // not marked close-on-exec
    Child child(loop,
                {"-c", "test -e /proc/$$/fd/1 && echo out; test -e /proc/$$/fd/$0 && echo ours; "
                       "echo $$ $(cut -d' ' -f6 /proc/$$/stat) >&2",
                 std::to_string(ours.get())},
                log.get());
    REQUIRE(drive(loop, [&] { return child.exit.has_value(); }));
    const std::string pid = std::to_string(child.process->pid());
    CHECK(directory.read("log") == "out\n" + pid + " " + pid + "\n");
}

TEST_CASE("a child that was forgotten goes on") {
    Loop loop;
    const TemporaryDirectory directory;
    int ends[2];
    REQUIRE(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
    const Fd reader(ends[0]);
    Fd writer(ends[1]);
    const std::string go = directory.path("go");
    REQUIRE(mkfifo(go.c_str(), 0600) == 0);
    { Child child(loop, {"-c", "read word <$0; echo still $word", go}, writer.get()); }
    writer = Fd();
    const Fd fifo(open(go.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(write(fifo.get(), "here\n", 5) == 5);
    std::string said;
    Watch watch(loop, reader.get(), [&] {
        char room[64];
        const ssize_t got = read(reader.get(), room, sizeof room);
        if (got > 0) said.append(room, static_cast<size_t>(got));
    });
    REQUIRE(drive(loop, [&] { return said == "still here\n"; }));
}

TEST_CASE("signals are heard in a turn, and a broken pipe is no reason to end") {
    Loop loop;
    std::vector<int> heard;
    const int numbers[] = {SIGTERM, SIGHUP};
    const Signals signals(loop, numbers, [&](int number) { heard.push_back(number); });
    REQUIRE(raise(SIGTERM) == 0);
    REQUIRE(drive(loop, [&] { return heard.size() == 1; }));
    REQUIRE(raise(SIGHUP) == 0);
    REQUIRE(drive(loop, [&] { return heard.size() == 2; }));
    CHECK(heard == std::vector<int>{SIGTERM, SIGHUP});
    REQUIRE(raise(SIGPIPE) == 0);
}
