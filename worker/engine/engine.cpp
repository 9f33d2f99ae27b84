#include "worker/engine/engine.h"

#include <algorithm>
#include <utility>

namespace parley::engine {

using base::Instant;
using router::Notice;
using router::Turn;

Engine::Engine(Options options, const dtls::Identity& identity, base::Random& random, Instant now)
    : options_(std::move(options)), media_(options_.listens, identity, random), alone_since_(now) {}

void Engine::on_datagrams(Instant now, std::span<net::Datagram> batch, net::Outbox& out) {
    std::vector<Notice> notices;
    Turn turn{out, counters_, notices};
    media_.on_datagrams(now, batch, turn);
    tell(notices);
}

void Engine::on_path_closed(Instant now, const net::Path& path, net::Outbox& out) {
    std::vector<Notice> notices;
    Turn turn{out, counters_, notices};
    media_.on_path_closed(now, path, turn);
    tell(notices);
}

void Engine::on_controller_connected(Instant, ControllerId controller) {
    controllers_.emplace(controller, Controller{});
}

bool Engine::on_frame(Instant now, ControllerId controller, base::Bytes frame, net::Outbox& out) {
    const auto known = controllers_.find(controller);
    ENSURE(known != controllers_.end());
    std::vector<Notice> notices;
    Turn turn{out, counters_, notices};
    Controller& speaker = known->second;
    const Worker worker{options_.worker_id, options_.pid, media_, usage_, owners_, speaker.name};
    std::vector<uint8_t> reply;
    const Heard heard = hear_frame(now, frame, speaker.greeted, worker, turn, reply);
    if (heard == Heard::Unreadable) return false;
    if (heard == Heard::Greeted) {
        speaker.greeted = true;
        missed_.erase(speaker.name);
    }
    if (!reply.empty()) frames_.push_back({controller, std::move(reply)});
    tell(notices);
    if (heard == Heard::Shutdown) on_stop(now, out);
    return true;
}

void Engine::on_controller_gone(Instant now, ControllerId controller) {
    const auto found = controllers_.find(controller);
    if (found == controllers_.end()) return;
    const Controller gone = std::move(found->second);
    controllers_.erase(found);
    if (!gone.greeted) return;
    if (!heard(gone.name)) missed_.insert_or_assign(gone.name, now);
    if (!heard()) alone_since_ = now;
}

void Engine::on_deadline(Instant now, net::Outbox& out) {
    std::vector<Notice> notices;
    Turn turn{out, counters_, notices};
    media_.on_deadline(now, turn);
    close_orphans(now, turn);
    tell(notices);
    if (!heard() && now >= alone_since_ + options_.orphan_timeout) on_stop(now, out);
}

Instant Engine::next_deadline() const {
    if (finished_) return Instant::never();
    Instant next = media_.next_deadline();
    if (!heard()) next = std::min(next, alone_since_ + options_.orphan_timeout);
    for (const auto& [name, since] : missed_) {
        next = std::min(next, since + options_.orphan_timeout);
    }
    return next;
}

// The worker may be of use to others long after a controller that it was lent to is gone.
void Engine::close_orphans(Instant now, Turn& turn) {
    for (auto missed = missed_.begin(); missed != missed_.end();) {
        if (missed->second + options_.orphan_timeout > now) {
            ++missed;
            continue;
        }
        const Owners::Belongings has = owners_.take(missed->first);
        for (const uint64_t router : has.routers) (void)media_.close_router(now, router, turn);
        for (const uint64_t pipe : has.pipes) (void)media_.close_pipe(now, pipe, turn);
        missed = missed_.erase(missed);
    }
}

std::vector<FrameOut> Engine::take_frames() {
    return std::exchange(frames_, {});
}

// A controller that has not said Hello is none: a scanner that connects keeps no worker alive.
bool Engine::heard() const {
    return std::any_of(controllers_.begin(), controllers_.end(),
                       [](const auto& controller) { return controller.second.greeted; });
}

bool Engine::heard(std::string_view name) const {
    return std::any_of(controllers_.begin(), controllers_.end(), [&](const auto& controller) {
        return controller.second.greeted && controller.second.name == name;
    });
}

void Engine::tell(std::vector<Notice>& notices) {
    if (notices.empty()) return;
    const std::vector<uint8_t> frame = write_notices(notices);
    for (const auto& [id, controller] : controllers_) {
        if (controller.greeted) frames_.push_back({id, frame});
    }
}

void Engine::on_stop(Instant now, net::Outbox& out) {
    std::vector<uint64_t> routers;
    media_.routers().for_each([&](const Router& router) { routers.push_back(router.id()); });
    std::vector<Notice> notices;
    Turn turn{out, counters_, notices};
    for (const uint64_t router : routers) (void)media_.close_router(now, router, turn);
    finished_ = true;
}

void Engine::ensure_invariants() const {
    media_.ensure_invariants();
    ENSURE(counters_.copies_due == counters_.copies_sent +
                                       counters_.drops[net::Drop::ConsumerPaused] +
                                       counters_.drops[net::Drop::ConsumerTooOld] +
                                       counters_.drops[net::Drop::ConsumerNotConnected] +
                                       counters_.drops[net::Drop::ConsumerTooLong] +
                                       counters_.drops[net::Drop::ConsumerSilent] +
                                       counters_.drops[net::Drop::ConsumerNotLoudest] +
                                       counters_.drops[net::Drop::ConsumerExhausted]);
    ENSURE(counters_.retransmissions_due ==
           counters_.retransmissions_sent + counters_.drops[net::Drop::RetransmissionGone] +
               counters_.drops[net::Drop::RetransmissionTooLong] +
               counters_.drops[net::Drop::RetransmissionExhausted]);
}

}  // namespace parley::engine
