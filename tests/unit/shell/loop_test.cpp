#include "common/shell/loop.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "common/shell/fd.h"
#include "common/shell/random.h"
#include "tests/unit/shell/drive.h"

using namespace parley;
using namespace parley::shell;

TEST_CASE("the clock says about what the wall says, and never goes back") {
    const Clock clock;
    base::Instant last = clock.now();
    const auto wall = std::chrono::duration_cast<base::Duration>(
        std::chrono::system_clock::now().time_since_epoch());
    CHECK(wall - base::Duration(last.micros()) < 1h);
    CHECK(base::Duration(last.micros()) - wall < 1h);
    for (int i = 0; i < 1000; ++i) {
        const base::Instant now = clock.now();
        CHECK(now >= last);
        last = now;
    }
}

TEST_CASE("a timer never fires before its deadline, and once") {
    Loop loop;
    for (const base::Duration wait : {0us, 1us, 999us, 1'000us, 1'001us, 2'500us, 7'300us}) {
        int fired = 0;
        base::Instant at;
        Timer timer(loop, [&](base::Instant now) {
            ++fired;
            at = now;
        });
        const base::Instant deadline = loop.now() + wait;
        timer.set(deadline);
        CHECK(drive(loop, [&] { return fired > 0; }));
        CHECK(at >= deadline);
        loop.run();  // nothing is left to wait for
        CHECK(fired == 1);
    }
}

TEST_CASE("a timer keeps to its microseconds in a loop that is woken all the time") {
    Loop loop;
    int ends[2];
    REQUIRE(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
    const Fd reader(ends[0]), writer(ends[1]);
    REQUIRE(write(writer.get(), "x", 1) == 1);
    const Watch busy(loop, reader.get(), [] {});  // what is never read wakes it every time
    base::Instant at;
    Timer timer(loop, [&](base::Instant now) {
        at = now;
        loop.stop();
    });
    for (int i = 0; i < 50; ++i) {
        const base::Instant deadline = loop.now() + base::Duration(137 * (i % 11));
        timer.set(deadline);
        loop.run();
        CHECK(at >= deadline);
    }
}

TEST_CASE("a deadline that is taken away or moved does not fire where it was") {
    Loop loop;
    std::vector<base::Instant> fired;
    Timer timer(loop, [&](base::Instant now) { fired.push_back(now); });
    timer.set(loop.now() + 1ms);
    timer.set(base::Instant::never());
    loop.run();
    CHECK(fired.empty());

    const base::Instant later = loop.now() + 5ms;
    timer.set(loop.now() + 1ms);
    timer.set(later);
    loop.run();
    REQUIRE(fired.size() == 1);
    CHECK(fired[0] >= later);
}

TEST_CASE("a timer may set itself again from its own deadline, in the past as well") {
    Loop loop;
    int fired = 0;
    std::unique_ptr<Timer> timer;
    timer = std::make_unique<Timer>(loop, [&](base::Instant now) {
        if (++fired < 3) timer->set(now - 1s);
    });
    timer->set(loop.now());
    CHECK(drive(loop, [&] { return fired == 3; }));
}

TEST_CASE("a turn ends whatever woke it, the one that stops the loop as well") {
    Loop loop;
    int ends_after_stop = 0;
    bool stopped = false;
    TurnEnd turn_end(loop, [&] { ends_after_stop += stopped; });
    Timer timer(loop, [&](base::Instant) {
        stopped = true;
        loop.stop();
    });
    timer.set(loop.now() + 1ms);
    loop.run();
    CHECK(stopped);
    CHECK(ends_after_stop > 0);
}

TEST_CASE("what can be read is told until it has been read") {
    Loop loop;
    int ends[2];
    REQUIRE(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
    const Fd reader(ends[0]), writer(ends[1]);
    int told = 0;
    Watch watch(loop, reader.get(), [&] {
        char byte;
        if (++told < 3) return;  // leaves it where it is
        CHECK(read(reader.get(), &byte, 1) == 1);
    });
    REQUIRE(write(writer.get(), "x", 1) == 1);
    CHECK(drive(loop, [&] { return told == 3; }));
    uv_run(loop.uv(), UV_RUN_NOWAIT);
    CHECK(told == 3);
}

TEST_CASE("random bits differ from draw to draw and fill all of a large room") {
    SystemRandom random;
    CHECK(random.u64() != random.u64());
    CHECK(random.text(32) != random.text(32));
    std::vector<uint8_t> large(100'000);
    random.fill(large);
    size_t zeros_in_a_row = 0, most = 0;
    for (const uint8_t byte : large) {
        zeros_in_a_row = byte == 0 ? zeros_in_a_row + 1 : 0;
        most = std::max(most, zeros_in_a_row);
    }
    CHECK(most < 8);
}
