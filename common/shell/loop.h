#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <vector>

#include "common/base/time.h"
#include "common/shell/clock.h"
#include "common/shell/uv_handle.h"

namespace parley::shell {

// The event loop of a process. Everything that is given a Loop must be gone before it.
class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;

    base::Instant now() const { return clock_.now(); }

    void run();   // until stop(), or until nothing is left to wait for
    void stop();  // run() returns after the turn that runs now

    // Called when the loop has been closed, last asked first: for libraries that let go of their
    // memory only when the last of their handles is gone.
    void finally(std::function<void()> last);

    uv_loop_t* uv() { return loop_.get(); }

private:
    Clock clock_;
    std::unique_ptr<uv_loop_t> loop_;
    std::vector<std::function<void()>> finally_;
};

// Calls back once, at or after a deadline; never before it, though libuv counts whole milliseconds.
class Timer {
public:
    Timer(Loop& loop, std::function<void(base::Instant now)> on_deadline);

    // Replaces the deadline; Instant::never() takes it away. Cheap when nothing changes.
    void set(base::Instant deadline);

private:
    void arm();
    void on_timer();

    Loop& loop_;
    std::function<void(base::Instant)> on_deadline_;
    base::Instant deadline_ = base::Instant::never();
    UvHandle<uv_timer_t> handle_;
};

// Calls back at the end of every turn, whatever woke it, before the loop sleeps again: the place to
// flush an outbox and to set the next deadline.
class TurnEnd {
public:
    TurnEnd(Loop& loop, std::function<void()> on_turn_end);

private:
    std::function<void()> on_turn_end_;
    UvHandle<uv_prepare_t> handle_;
};

// Calls back when a file descriptor can be read and, while that is wanted, written. It does not own
// the descriptor and must be gone before that is closed.
class Watch {
public:
    Watch(Loop& loop, int fd, std::function<void()> on_readable,
          std::function<void()> on_writable = {});

    // REQUIRES: an on_writable.
    void want_writable(bool wanted);

private:
    void start();
    void on_ready(int events);

    std::function<void()> on_readable_;
    std::function<void()> on_writable_;
    bool wants_writable_ = false;
    UvHandle<uv_poll_t> handle_;
};

}  // namespace parley::shell
