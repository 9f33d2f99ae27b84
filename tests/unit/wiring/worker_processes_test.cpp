#include "controller/wiring/worker_processes.h"

#include <doctest/doctest.h>

#include <map>

#include "common/shell/files.h"
#include "tests/unit/shell/drive.h"
#include "tests/unit/shell/temporary_directory.h"

using namespace parley;
using namespace parley::controller;

namespace {

// A controller's hold on the workers of one run directory; real processes.
class Hold {
public:
    Hold(shell::Loop& with_loop, const shell::TemporaryDirectory& place,
         std::string program = PARLEY_WORKER)
        : loop(with_loop),
          workers(
              loop,
              {.program = std::move(program),
               .run_directory = place.path("."),
               .base_port = 0,
               .listen = {"127.0.0.1"}},
              1,
              {.on_connected = [this](WorkerIndex) { ++connected; },
               .on_frame = [](WorkerIndex, base::Bytes) {},
               .on_gone = [this](WorkerIndex, std::string_view why) { gone.emplace_back(why); }}) {}

    bool until_connected(int times = 1) {
        return shell::drive(loop, [&] { return connected >= times; });
    }
    bool until_gone(size_t times = 1) {
        return shell::drive(loop, [&] { return gone.size() >= times; });
    }
    bool until_ended() {
        return shell::drive(loop, [&] { return workers.alive() == 0; });
    }

    shell::Loop& loop;
    int connected = 0;
    std::vector<std::string> gone;
    WorkerProcesses workers;
};

}  // namespace

TEST_CASE("a worker is started, and its end is told with how it came") {
    shell::Loop loop;
    const shell::TemporaryDirectory place;
    Hold hold(loop, place);
    hold.workers.spawn(0);
    REQUIRE(hold.until_connected());
    CHECK(hold.workers.alive() == 1);
    hold.workers.kill(0);
    REQUIRE(hold.until_gone());
    CHECK(hold.gone == std::vector<std::string>{"signal 9"});
    CHECK(hold.workers.alive() == 0);
}

TEST_CASE("a worker outlives its controller, is found by the next, and can be ended by it") {
    shell::Loop loop;
    const shell::TemporaryDirectory place;
    {
        Hold first(loop, place);
        first.workers.spawn(0);
        REQUIRE(first.until_connected());
    }
    CHECK(WorkerProcesses::count(place.path("."), 0) == 1);
    Hold second(loop, place);
    second.workers.connect(0);
    REQUIRE(second.until_connected());
    CHECK(second.workers.alive() == 1);
    second.workers.kill(0);
    REQUIRE(second.until_gone());
    CHECK(second.until_ended());
}

TEST_CASE("where no worker is, none is found") {
    shell::Loop loop;
    const shell::TemporaryDirectory place;
    CHECK(WorkerProcesses::count(place.path("."), 3) == 3);
    Hold hold(loop, place);
    hold.workers.connect(0);
    REQUIRE(hold.until_gone());
    CHECK(hold.connected == 0);
}

TEST_CASE("a worker that is started anew takes the place of the one that was there") {
    shell::Loop loop;
    const shell::TemporaryDirectory place;
    Hold hold(loop, place);
    hold.workers.spawn(0);
    REQUIRE(hold.until_connected(1));
    hold.workers.spawn(0);
    REQUIRE(hold.until_connected(2));
    CHECK(hold.workers.alive() == 1);
    CHECK(hold.gone.empty());
    hold.workers.kill_all();
    REQUIRE(hold.until_ended());
    hold.workers.clear();
    CHECK(WorkerProcesses::count(place.path("."), 0) == 0);
}

TEST_CASE("a worker that can not start says where to look") {
    shell::Loop loop;
    const shell::TemporaryDirectory place;
    Hold broken(loop, place, "false");
    broken.workers.spawn(0);
    REQUIRE(broken.until_gone());
    CHECK(broken.gone[0].starts_with("exit 1; see "));
    Hold missing(loop, place, "/no/such/worker");
    missing.workers.spawn(0);
    REQUIRE(missing.until_gone());
    CHECK(missing.gone[0].find("/no/such/worker") != std::string::npos);
}
