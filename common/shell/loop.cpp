#include "common/shell/loop.h"

#include <algorithm>

#include "common/base/ensure.h"

namespace parley::shell {

Loop::Loop() : loop_(std::make_unique<uv_loop_t>()) {
    ENSURE(uv_loop_init(uv()) == 0);
}

Loop::~Loop() {
    // What was closed is let go of in the turns that follow.
    constexpr int kTurns = 100;
    int turns = 0;
    while (uv_loop_close(uv()) == UV_EBUSY && ++turns < kTurns) uv_run(uv(), UV_RUN_NOWAIT);
    if (turns == kTurns) {
        // A handle that is still open belongs to somebody who outlived the loop.
        uv_walk(uv(), [](uv_handle_t*, void*) { ENSURE(!"a handle outlived its loop"); }, nullptr);
        // A question to a silent name server does so too, on a thread of libuv that would write to
        // the loop: it keeps the memory, for the process is about to end.
        static_cast<void>(loop_.release());
    }
    for (; !finally_.empty(); finally_.pop_back()) finally_.back()();
}

void Loop::finally(std::function<void()> last) {
    finally_.push_back(std::move(last));
}

void Loop::run() {
    uv_run(uv(), UV_RUN_DEFAULT);
    uv_run(uv(), UV_RUN_NOWAIT);  // so that the turn that stopped it has its end, too
}

void Loop::stop() {
    uv_stop(uv());
}

Timer::Timer(Loop& loop, std::function<void(base::Instant now)> on_deadline)
    : loop_(loop), on_deadline_(std::move(on_deadline)), handle_(this) {
    uv_timer_init(loop.uv(), handle_.get());
}

void Timer::set(base::Instant deadline) {
    if (deadline == deadline_) return;
    deadline_ = deadline;
    arm();
}

void Timer::arm() {
    if (deadline_.is_never()) {
        uv_timer_stop(handle_.get());
        return;
    }
    // libuv counts from the time at which the turn began, which may be long ago by now.
    uv_update_time(loop_.uv());
    const int64_t micros = std::max<int64_t>((deadline_ - loop_.now()).count(), 0);
    const auto on_uv = [](uv_timer_t* timer) { static_cast<Timer*>(timer->data)->on_timer(); };
    uv_timer_start(handle_.get(), on_uv, static_cast<uint64_t>(micros + 999) / 1'000, 0);
}

void Timer::on_timer() {
    const base::Instant now = loop_.now();
    if (now < deadline_) return arm();  // libuv rounded its own clock down
    deadline_ = base::Instant::never();
    on_deadline_(now);
}

TurnEnd::TurnEnd(Loop& loop, std::function<void()> on_turn_end)
    : on_turn_end_(std::move(on_turn_end)), handle_(this) {
    uv_prepare_init(loop.uv(), handle_.get());
    uv_prepare_start(handle_.get(), [](uv_prepare_t* prepare) {
        static_cast<TurnEnd*>(prepare->data)->on_turn_end_();
    });
    uv_unref(handle_.base());  // it alone is no reason to wait
}

Watch::Watch(Loop& loop, int fd, std::function<void()> on_readable,
             std::function<void()> on_writable)
    : on_readable_(std::move(on_readable)), on_writable_(std::move(on_writable)), handle_(this) {
    ENSURE(uv_poll_init(loop.uv(), handle_.get(), fd) == 0);
    start();
}

void Watch::want_writable(bool wanted) {
    if (wanted == wants_writable_) return;
    ENSURE(on_writable_);
    wants_writable_ = wanted;
    start();
}

void Watch::start() {
    const auto on_uv = [](uv_poll_t* poll, int status, int events) {
        auto* const self = static_cast<Watch*>(poll->data);
        // libuv stops watching a descriptor that has an error. On a UDP socket that is the past
        // of one datagram; the read that follows clears it, or finds the end of a stream.
        if (status < 0) self->start();
        self->on_ready(status < 0 ? UV_READABLE : events);
    };
    const int wanted = UV_READABLE | (wants_writable_ ? UV_WRITABLE : 0);
    ENSURE(uv_poll_start(handle_.get(), wanted, on_uv) == 0);
}

// One of the two in a call: the first may end the watch.
void Watch::on_ready(int events) {
    if (wants_writable_ && (events & UV_WRITABLE) != 0) return on_writable_();
    on_readable_();
}

}  // namespace parley::shell
