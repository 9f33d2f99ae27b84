#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "common/base/random.h"
#include "common/base/time.h"

namespace parley::sim {

// What a stretch of network does to datagrams. May be changed while it is in use; what is under
// way keeps what it met.
struct Conditions {
    double loss = 0;         // share of the datagrams, 0 to 1
    double duplication = 0;  // share that arrives twice
    double reordering = 0;   // share that is held back, so that later ones overtake it
    base::Duration delay = 10ms;
    base::Duration jitter = 0ms;       // each waits up to this much longer, in order
    base::Duration held_back = 30ms;   // how much longer a reordered one takes
    uint64_t bandwidth_bps = 0;        // bits per second; 0: as much as comes
    base::Duration queue = 200ms;      // what would wait longer for its turn is lost
};

// When the copies of one datagram arrive: none, one, or two.
class Arrivals {
public:
    void add(base::Instant at) { at_[count_++] = at; }
    std::span<const base::Instant> span() const { return std::span(at_).first(count_); }

private:
    std::array<base::Instant, 2> at_{};
    size_t count_ = 0;
};

// One direction of a line.
class Link {
public:
    explicit Link(base::SeededRandom random) : random_(random) {}

    Conditions conditions;

    // A datagram of `size` bytes begins its way. Calls are in the order of `now`.
    Arrivals carry(base::Instant now, size_t size);

private:
    base::Instant arrival(base::Instant leaves);

    base::SeededRandom random_;
    base::Instant free_at_;     // when the bandwidth has let through what came before
    base::Instant latest_;      // arrival of what was not held back
};

// A host's way to the network and back.
struct Line {
    explicit Line(base::SeededRandom random)
        : up(base::SeededRandom(random.u64())), down(base::SeededRandom(random.u64())) {}

    Link up;
    Link down;
};

}  // namespace parley::sim
