#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/deadline_queue.h"
#include "common/base/random.h"
#include "common/base/time.h"
#include "tests/sim/virtual_world/seeded_rand.h"
#include "tests/sim/virtual_world/virtual_clock.h"

namespace parley::sim {

// A law of the blueprint did not hold. what() says which, when, and for which seed.
class LawBroken : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Somebody who waits for time to pass.
class Waiter {
public:
    virtual ~Waiter() = default;
    virtual void on_deadline() = 0;
};

// Virtual time: what happens, in the order of (time, insertion), and the hash of all of it. One
// thread; nothing in it knows how long it really takes. OpenSSL reads the same clock and draws from
// the same seed, so there may be one World at a time.
class World {
public:
    using WaiterId = uint32_t;

    explicit World(uint64_t seed);
    World(const World&) = delete;

    base::Instant now() const { return now_; }
    static base::Instant beginning();
    uint64_t seed() const { return seed_; }

    // A source of its own for somebody, so that what one draws does not shift what others get.
    base::SeededRandom fork_random();

    void at(base::Instant when, std::function<void()> what);
    void after(base::Duration wait, std::function<void()> what) { at(now_ + wait, what); }

    // A waiter has one deadline, never to begin with. It must leave before it dies.
    WaiterId join(Waiter& waiter);
    void leave(WaiterId id);
    void set_deadline(WaiterId id, base::Instant at) { deadlines_.set(id, at); }

    // Lets time pass until `end`, and all that is due happen. Throws LawBroken after the event that
    // broke a law.
    void run_until(base::Instant end);

    // Takes part in the hash: what passed from one to another, and when.
    void trace(std::string_view kind, uint64_t from, uint64_t to, uint64_t digest);
    uint64_t trace_hash() const { return trace_hash_; }
    uint64_t events() const { return events_; }

    // Says that a law is broken; run_until() throws when the event is over. The first counts.
    void broken(const std::string& law);

private:
    struct Event {
        base::Instant at;
        uint64_t number;
        std::function<void()> what;
    };
    struct Later {
        bool operator()(const Event& a, const Event& b) const {
            return a.at != b.at ? a.at > b.at : a.number > b.number;
        }
    };

    void advance(base::Instant to);
    void happen(base::Instant event);
    void throw_if_broken();

    uint64_t seed_;
    base::SeededRandom random_;
    base::Instant now_;
    VirtualClock clock_;
    SeededRand openssl_;
    std::vector<Event> events_due_;  // a heap
    uint64_t events_made_ = 0;
    base::DeadlineQueue<WaiterId> deadlines_;
    std::vector<Waiter*> waiters_;
    uint64_t events_ = 0;
    uint64_t events_of_instant_ = 0;
    uint64_t trace_hash_ = 0;
    std::string broken_;
};

}  // namespace parley::sim
