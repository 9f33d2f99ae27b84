#include "controller/workers/worker_link.h"

#include <algorithm>

#include "common/base/ensure.h"
#include "controller/workers/pipe_codec.h"

namespace parley::controller::workers {

namespace {

constexpr base::Duration kAnswer = 10s;     // a worker that takes longer hangs
constexpr base::Duration kLoan = 5s;        // for some server to lend one
constexpr base::Duration kRecall = 1800ms;  // who says nothing for longer is given up by others
constexpr base::Duration kStatistics = 1s;
constexpr base::Duration kFirstBackoff = 100ms;
constexpr base::Duration kMostBackoff = 10s;
constexpr base::Duration kSoundLife = 30s;  // who lived this long did not fail at once
constexpr base::Duration kDeath = 5s;       // for the shell to say that a killed one is gone

// What a worker takes in one frame; see kRequestsPerFrame and kPipeFrameBytes of its limits.
constexpr size_t kRequestsPerFrame = 1'000;
constexpr size_t kFrameBytes = 1024 * 1024;

// Roughly what a request takes on the wire: its texts, and a generous rest.
size_t wire_bytes(const Body& body) {
    size_t texts = 0;
    if (const auto* r = std::get_if<CreateRouter>(&body)) texts = r->app_data.size();
    if (const auto* r = std::get_if<CreateTransport>(&body)) texts = r->app_data.size();
    if (const auto* r = std::get_if<SetRouterAppData>(&body)) texts = r->app_data.size();
    if (const auto* r = std::get_if<SetTransportAppData>(&body)) texts = r->app_data.size();
    if (const auto* r = std::get_if<Produce>(&body)) texts = r->app_data.size();
    if (const auto* r = std::get_if<CreatePipe>(&body)) texts = r->app_data.size();
    if (const auto* r = std::get_if<PipeConsume>(&body)) texts = r->app_data.size();
    if (const auto* r = std::get_if<PipeProduce>(&body)) texts = r->app_data.size();
    return 512 + texts;
}

}  // namespace

WorkerLink::WorkerLink(WorkerIndex index) : index_(index), name_("parley-controller") {}

WorkerLink::WorkerLink(WorkerIndex index, std::string borrower)
    : index_(index), lent_(true), name_("server " + std::move(borrower)), settled_(true) {}

bool WorkerLink::may(State from, State to) {
    switch (to) {
        case State::Connecting: return from == State::Idle;
        case State::Spawning:
            return from == State::Connecting || from == State::Waiting || from == State::Dying;
        case State::Greeting: return from == State::Connecting || from == State::Spawning;
        case State::Recovering: return from == State::Greeting;
        case State::Running: return from == State::Greeting || from == State::Recovering;
        case State::Dying:
            return from == State::Greeting || from == State::Recovering || from == State::Running;
        case State::Waiting:
            return from != State::Idle && from != State::Connecting && from != State::Waiting;
        case State::Idle: return true;
    }
    return false;
}

void WorkerLink::enter(State to) {
    ENSURE(may(state_, to));
    state_ = to;
    const bool was_tried = to != State::Connecting && to != State::Spawning &&
                           to != State::Greeting && to != State::Recovering;
    if (was_tried) settled_ = true;
}

void WorkerLink::start(Instant, Outputs& out) {
    enter(State::Connecting);
    out.push_back(ConnectWorker{index_});
}

void WorkerLink::borrow(Instant now, Outputs& out) {
    ENSURE(lent_ && idle());
    enter(State::Connecting);
    deadline_ = now + kLoan;
    out.push_back(BorrowWorker{index_, {}});
}

void WorkerLink::recall(Instant now, const LentWorker& before, Outputs& out) {
    borrow(now, out);
    deadline_ = now + kRecall;
    settled_ = false;
    out.back() = BorrowWorker{index_, before};
}

void WorkerLink::on_lent(Instant now, LentWorker lent) {
    loan_ = std::move(lent);
    on_connected(now);
}

void WorkerLink::give_back(Outputs& out) {
    ENSURE(lent_);
    take_unanswered();
    end_loan(out);
}

void WorkerLink::end_loan(Outputs& out) {
    enter(State::Idle);
    deadline_ = Instant::never();
    out.push_back(ReturnWorker{index_});
}

void WorkerLink::on_connected(Instant now) {
    if (state_ != State::Connecting && state_ != State::Spawning) return;
    enter(State::Greeting);
    deadline_ = now + kAnswer;
    queue(Hello{name_}, {.purpose = Purpose::Hello});
}

WorkerLink::Gone WorkerLink::on_gone(Instant now, Outputs& out) {
    const State was = state_;
    if (was == State::Idle || was == State::Waiting) return Gone::Expected;
    if (lent_) {
        end_loan(out);
        return was == State::Running ? Gone::Ran : Gone::NeverRan;
    }
    if (was == State::Connecting) {
        enter(State::Spawning);
        out.push_back(SpawnWorker{index_});
        return Gone::Expected;
    }
    wait_for_restart(now);
    if (was == State::Dying) return Gone::Expected;
    out.push_back(KillWorker{index_});  // if only its socket was lost: it must not live on unseen
    return was == State::Running ? Gone::Ran : Gone::NeverRan;
}

void WorkerLink::wait_for_restart(Instant now) {
    if (state_ == State::Running && now - running_since_ >= kSoundLife) failures_ = 0;
    base::Duration backoff = kFirstBackoff;
    for (uint32_t i = 0; i < failures_ && backoff < kMostBackoff; ++i) backoff *= 2;
    ++failures_;
    deadline_ = now + std::min(backoff, kMostBackoff);
    enter(State::Waiting);
}

std::string WorkerLink::give_up(Instant now, std::string why, Outputs& out) {
    if (lent_) {
        end_loan(out);
        return why;
    }
    if (state_ == State::Running && now - running_since_ >= kSoundLife) failures_ = 0;
    enter(State::Dying);
    deadline_ = now + kDeath;
    out.push_back(KillWorker{index_});
    return why;
}

std::string WorkerLink::on_deadline(Instant now, Outputs& out) {
    if (!waiters_.empty() && waiters_.front().until <= now && state_ != State::Dying &&
        state_ != State::Waiting) {
        return give_up(now, "did not answer for 10 s", out);
    }
    if (deadline_ > now) return {};
    deadline_ = Instant::never();
    switch (state_) {
        case State::Connecting:
            if (lent_) return give_up(now, "nobody answered", out);
            break;
        case State::Greeting:
        case State::Recovering: return give_up(now, "did not answer the handshake", out);
        case State::Dying:
        case State::Waiting:
            enter(State::Spawning);
            ++restarts_;
            out.push_back(SpawnWorker{index_});
            break;
        case State::Running:
            deadline_ = now + kStatistics;
            if (!stats_asked_) queue(GetWorkerStats{}, {.purpose = Purpose::WorkerStats});
            stats_asked_ = true;
            break;
        case State::Idle:
        case State::Spawning: break;
    }
    return {};
}

Instant WorkerLink::next_deadline() const {
    const bool dead = state_ == State::Dying || state_ == State::Waiting || state_ == State::Idle;
    if (waiters_.empty() || dead) return deadline_;
    return std::min(deadline_, waiters_.front().until);
}

void WorkerLink::queue(Body body, Pending pending) {
    queued_.push_back({next_id_++, std::move(body)});
    queued_pending_.push_back(pending);
}

void WorkerLink::ask(Body body, Pending pending) {
    ENSURE(running());
    queue(std::move(body), pending);
}

void WorkerLink::flush(Instant now, Outputs& out) {
    for (size_t begin = 0; begin < queued_.size();) {
        size_t end = begin, bytes = 0;
        while (end < queued_.size() && end - begin < kRequestsPerFrame && bytes < kFrameBytes) {
            bytes += wire_bytes(queued_[end].body);
            waiters_.push_back({queued_[end].id, now + kAnswer, queued_pending_[end]});
            ++end;
        }
        const auto batch = std::span(queued_).subspan(begin, end - begin);
        out.push_back(SendToWorker{index_, write_requests(batch)});
        begin = end;
    }
    queued_.clear();
    queued_pending_.clear();
}

Heard WorkerLink::on_frame(Instant now, std::span<const uint8_t> bytes, Outputs& out) {
    Heard heard;
    if (state_ != State::Greeting && state_ != State::Recovering && !running()) return heard;
    std::optional<Frame> frame = parse_frame(bytes);
    std::string why = frame ? "" : "sent a frame that is none";
    for (size_t i = 0; frame && i < frame->replies.size() && why.empty(); ++i) {
        Reply& reply = frame->replies[i];
        const auto waiter = std::find_if(waiters_.begin(), waiters_.end(),
                                         [&](const Waiter& w) { return w.id == reply.id; });
        if (waiter == waiters_.end()) {
            why = "answered what it was not asked";
            break;
        }
        const Pending pending = waiter->pending;
        waiters_.erase(waiter);
        why = take(now, reply, pending, heard);
        if (pending.purpose > Purpose::WorkerStats || reply.refusal != Refusal::None) {
            heard.answers.push_back({pending, std::move(reply)});
        }
    }
    if (frame && running()) heard.notifications = std::move(frame->notifications);
    if (why.empty()) return heard;
    // Nothing of a frame that ends badly counts: its answers are among those that never came.
    for (const Answer& answer : heard.answers) {
        waiters_.push_back({answer.reply.id, now, answer.pending});
    }
    heard = {};
    heard.lost = give_up(now, std::move(why), out);
    return heard;
}

// Hears what is the link's own affair. Not "": why the worker is of no use.
std::string WorkerLink::take(Instant now, const Reply& reply, const Pending& pending,
                             Heard& heard) {
    const bool refused = reply.refusal != Refusal::None;
    if (pending.purpose == Purpose::Hello) {
        const auto* hello = std::get_if<HelloReply>(&reply.body);
        if (refused || !hello) return "refused the handshake: " + reply.reason;
        return on_hello(now, *hello, heard);
    }
    if (pending.purpose == Purpose::Snapshot) {
        const auto* snapshot = std::get_if<Snapshot>(&reply.body);
        if (refused || !snapshot) return "gave no snapshot: " + reply.reason;
        heard.snapshot = *snapshot;
        run(now, heard);
    }
    if (pending.purpose == Purpose::WorkerStats) {
        stats_asked_ = false;
        const auto* stats = std::get_if<WorkerInfo>(&reply.body);
        if (stats) stats_ = *stats;
        heard.measured |= stats != nullptr;
    }
    return {};
}

std::string WorkerLink::on_hello(Instant now, const HelloReply& reply, Heard& heard) {
    if (reply.major != kPipeMajor) {
        return "speaks version " + std::to_string(reply.major) + " of the pipe, not " +
               std::to_string(kPipeMajor);
    }
    pid_ = reply.pid;
    speaks_ = {reply.major, reply.minor};
    if (reply.routers == 0) {
        run(now, heard);
        return {};
    }
    enter(State::Recovering);
    deadline_ = now + kAnswer;
    queue(GetSnapshot{}, {.purpose = Purpose::Snapshot});
    return {};
}

void WorkerLink::run(Instant now, Heard& heard) {
    enter(State::Running);
    heard.started = true;
    running_since_ = now;
    deadline_ = now + kStatistics;
    stats_asked_ = false;
    stats_ = {};
}

void WorkerLink::stop(Instant now, Outputs& out) {
    if (lent_) {
        flush(now, out);
        if (!idle()) give_back(out);
        return;
    }
    if (running()) {
        queue(Shutdown{}, {});
        flush(now, out);
    } else if (state_ == State::Spawning || state_ == State::Greeting ||
               state_ == State::Recovering) {
        out.push_back(KillWorker{index_});
    }
    enter(State::Idle);
    deadline_ = Instant::never();
    queued_.clear();
    queued_pending_.clear();
    waiters_.clear();
}

std::vector<Pending> WorkerLink::take_unanswered() {
    std::vector<Pending> pending;
    for (const Waiter& waiter : waiters_) pending.push_back(waiter.pending);
    pending.insert(pending.end(), queued_pending_.begin(), queued_pending_.end());
    waiters_.clear();
    queued_.clear();
    queued_pending_.clear();
    return pending;
}

WorkerInfo WorkerLink::info() const {
    WorkerInfo info = stats_;
    info.index = index_;
    const bool waits = state_ == State::Idle || state_ == State::Dying || state_ == State::Waiting;
    info.state = running() ? WorkerState::Running
                 : waits   ? WorkerState::Waiting
                           : WorkerState::Starting;
    info.pid = pid_;
    info.speaks = speaks_;
    info.restarts = restarts_;
    return info;
}

void WorkerLink::ensure_invariants() const {
    ENSURE(queued_.size() == queued_pending_.size());
    const bool dead = state_ == State::Dying || state_ == State::Waiting || state_ == State::Idle;
    ENSURE(!dead || (queued_.empty() && waiters_.empty()));
    ENSURE((state_ != State::Waiting && !running()) || !deadline_.is_never());
    ENSURE(!running() || settled_);
}

}  // namespace parley::controller::workers
