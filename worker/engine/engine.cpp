#include "worker/engine/engine.h"

#include <algorithm>
#include <utility>

namespace parley::engine {

using base::Instant;
using router::Notice;
using router::Turn;

Engine::Engine(Options options, const dtls::Identity& identity, base::Random& random, Instant now)
    : options_(std::move(options)),
      media_(options_.listens, identity, random),
      alone_since_(now) {}

void Engine::on_datagrams(Instant now, std::span<net::Datagram> batch, net::Outbox& out) {
    std::vector<Notice> notices;
    Turn turn{out, counters_, notices};
    media_.on_datagrams(now, batch, turn);
    tell(notices);
}

void Engine::on_controller_connected(Instant, ControllerId controller) {
    controllers_.emplace(controller, false);
}

bool Engine::on_frame(Instant now, ControllerId controller, base::Bytes frame, net::Outbox& out) {
    const auto known = controllers_.find(controller);
    ENSURE(known != controllers_.end());
    std::vector<Notice> notices;
    Turn turn{out, counters_, notices};
    const Worker worker{options_.worker_id, options_.pid, media_, usage_};
    std::vector<uint8_t> reply;
    const Heard heard = hear_frame(now, frame, known->second, worker, turn, reply);
    if (heard == Heard::Unreadable) return false;
    if (heard == Heard::Greeted) known->second = true;
    if (!reply.empty()) frames_.push_back({controller, std::move(reply)});
    tell(notices);
    if (heard == Heard::Shutdown) on_stop(now, out);
    return true;
}

void Engine::on_controller_gone(Instant now, ControllerId controller) {
    const bool was_heard = heard();
    controllers_.erase(controller);
    if (was_heard && !heard()) alone_since_ = now;
}

void Engine::on_deadline(Instant now, net::Outbox& out) {
    std::vector<Notice> notices;
    Turn turn{out, counters_, notices};
    media_.on_deadline(now, turn);
    tell(notices);
    if (!heard() && now >= alone_since_ + options_.orphan_timeout) on_stop(now, out);
}

Instant Engine::next_deadline() const {
    if (finished_) return Instant::never();
    const Instant orphaned = heard() ? Instant::never() : alone_since_ + options_.orphan_timeout;
    return std::min(media_.next_deadline(), orphaned);
}

std::vector<FrameOut> Engine::take_frames() {
    return std::exchange(frames_, {});
}

// A controller that has not said Hello is none: a scanner that connects keeps no worker alive.
bool Engine::heard() const {
    return std::any_of(controllers_.begin(), controllers_.end(),
                       [](const auto& controller) { return controller.second; });
}

void Engine::tell(std::vector<Notice>& notices) {
    if (notices.empty()) return;
    const std::vector<uint8_t> frame = write_notices(notices);
    for (const auto& [controller, greeted] : controllers_) {
        if (greeted) frames_.push_back({controller, frame});
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
    ENSURE(counters_.copies_due ==
           counters_.copies_sent + counters_.drops[net::Drop::ConsumerPaused] +
               counters_.drops[net::Drop::ConsumerTooOld] +
               counters_.drops[net::Drop::ConsumerNotConnected] +
               counters_.drops[net::Drop::ConsumerTooLong] +
               counters_.drops[net::Drop::ConsumerSilent] +
               counters_.drops[net::Drop::ConsumerExhausted]);
    ENSURE(counters_.retransmissions_due ==
           counters_.retransmissions_sent + counters_.drops[net::Drop::RetransmissionGone] +
               counters_.drops[net::Drop::RetransmissionTooLong] +
               counters_.drops[net::Drop::RetransmissionExhausted]);
}

}  // namespace parley::engine
