#include "tests/sim/world.h"

#include <algorithm>
#include <utility>

#include "common/base/ensure.h"
#include "tests/sim/digest.h"

namespace parley::sim {

namespace {

// 2026-01-01 00:00:00 UTC, a little before the certificates of the browsers begin.
constexpr base::Instant kBeginning = base::Instant::from_micros(1'767'225'600'000'000);

// More than this in one instant is a core that asks to be woken for ever.
constexpr uint64_t kEventsOfInstant = 1'000'000;

}  // namespace

base::Instant World::beginning() {
    return kBeginning;
}

World::World(uint64_t seed)
    : seed_(seed), random_(seed), now_(kBeginning), clock_(kBeginning), openssl_(seed) {}

base::SeededRandom World::fork_random() {
    return base::SeededRandom(random_.u64());
}

void World::at(base::Instant when, std::function<void()> what) {
    events_due_.push_back({std::max(when, now_), events_made_++, std::move(what)});
    std::push_heap(events_due_.begin(), events_due_.end(), Later{});
}

World::WaiterId World::join(Waiter& waiter) {
    waiters_.push_back(&waiter);
    return static_cast<WaiterId>(waiters_.size() - 1);
}

void World::leave(WaiterId id) {
    waiters_[id] = nullptr;
    deadlines_.erase(id);
}

void World::advance(base::Instant to) {
    if (to > now_) events_of_instant_ = 0;
    now_ = to;
    clock_.set(to);
}

void World::run_until(base::Instant end) {
    for (;;) {
        const base::Instant event =
            events_due_.empty() ? base::Instant::never() : events_due_.front().at;
        const base::Instant next = std::min(event, deadlines_.next_deadline());
        if (next > end) break;
        advance(std::max(next, now_));
        ENSURE(++events_of_instant_ < kEventsOfInstant);
        ++events_;
        happen(event);
        throw_if_broken();
    }
    advance(end);
}

// What arrives is heard before a deadline of the same instant is.
void World::happen(base::Instant event) {
    if (event <= now_) {
        std::pop_heap(events_due_.begin(), events_due_.end(), Later{});
        const std::function<void()> what = std::move(events_due_.back().what);
        events_due_.pop_back();
        what();
        return;
    }
    WaiterId id = 0;
    if (deadlines_.pop_due(now_, id)) waiters_[id]->on_deadline();
}

void World::trace(std::string_view kind, uint64_t from, uint64_t to, uint64_t digest) {
    trace_hash_ = base::mix(trace_hash_ ^ static_cast<uint64_t>(now_.micros()));
    trace_hash_ = base::mix(trace_hash_ ^ digest_of(base::as_bytes(kind), from));
    trace_hash_ = base::mix(trace_hash_ ^ to) + base::mix(digest + 1);
}

void World::broken(const std::string& law) {
    if (!broken_.empty()) return;
    const double seconds = static_cast<double>((now_ - kBeginning).count()) / 1e6;
    broken_ = "law broken at " + std::to_string(seconds) + " s, seed " + std::to_string(seed_) +
              ": " + law;
}

void World::throw_if_broken() {
    if (!broken_.empty()) throw LawBroken(std::exchange(broken_, {}));
}

}  // namespace parley::sim
