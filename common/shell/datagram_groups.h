#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "worker/limits.h"
#include "worker/net/outbox.h"

namespace parley::shell {

// Chains the datagrams of one batch by their path, so that those to one listener can leave in one
// message. A small open table, stamped instead of cleared: the cost per datagram is one hash, and
// less when it follows another to the same path.
class DatagramGroups {
public:
    static constexpr uint16_t kEnd = 0xffff;
    static constexpr size_t kDatagrams = limits::kOutboxDatagrams;  // at most, in one batch

    struct Group {
        uint16_t first;  // index into the batch
        uint16_t last;
        uint8_t local;   // of the path
    };

    // REQUIRES: batch.size() <= kDatagrams. What was built before is forgotten.
    void build(std::span<const net::Datagram> batch);

    // In the order in which their paths first appear.
    std::span<const Group> groups() const { return std::span(groups_).first(count_); }

    // The next datagram to the same path, or kEnd.
    uint16_t next(uint16_t index) const { return next_[index]; }

private:
    struct Slot {
        uint32_t stamp = 0;
        uint16_t group = 0;
    };
    static constexpr size_t kSlots = 4 * kDatagrams;
    static_assert((kSlots & (kSlots - 1)) == 0 && kDatagrams < kEnd);

    uint16_t find_or_add(std::span<const net::Datagram> batch, uint16_t index);

    uint32_t stamp_ = 0;
    size_t count_ = 0;
    std::array<Group, kDatagrams> groups_;
    std::array<uint16_t, kDatagrams> next_;
    std::array<Slot, kSlots> slots_;
};

}  // namespace parley::shell
