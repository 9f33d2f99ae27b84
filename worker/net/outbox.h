#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "common/base/ensure.h"
#include "worker/limits.h"
#include "worker/net/address.h"

namespace parley::net {

struct Datagram {
    Path path;
    std::span<uint8_t> bytes;  // borrowed for the length of the call it is handed to
};

// Takes a batch that leaves. The shell's sends it, a simulation's delivers it.
class DatagramSink {
public:
    virtual ~DatagramSink() = default;

    // Datagrams to one path must leave in the order given.
    virtual void send(std::span<const Datagram> batch) = 0;
};

// Where a turn writes what must leave. Each copy is written once, into the room it leaves from.
// Full, it flushes by itself; the shell flushes it at the end of every turn.
class Outbox {
public:
    explicit Outbox(DatagramSink& sink) : sink_(sink), room_(limits::kOutboxBytes) {}
    Outbox(const Outbox&) = delete;

    // Room for one datagram of at most kDatagramBytes. It holds until the next call of next().
    std::span<uint8_t> next() {
        if (count_ == batch_.size() || room_.size() - used_ < limits::kDatagramBytes) flush();
        return std::span(room_).subspan(used_, limits::kDatagramBytes);
    }

    // Sends the first `size` bytes of what next() gave.
    void commit(const Path& path, size_t size) {
        ENSURE(size <= limits::kDatagramBytes);
        batch_[count_++] = {path, std::span(room_).subspan(used_, size)};
        ++packets_;
        bytes_ += size;
        used_ += (size + 15) & ~size_t{15};  // the next one starts aligned for the cipher
        if (used_ > room_.size()) used_ = room_.size();
    }

    // Committed since the start.
    uint64_t packets() const { return packets_; }
    uint64_t bytes() const { return bytes_; }

    void flush() {
        if (count_ > 0) sink_.send(std::span(batch_).first(count_));
        count_ = 0;
        used_ = 0;
    }

private:
    DatagramSink& sink_;
    std::vector<uint8_t> room_;
    size_t used_ = 0;
    std::array<Datagram, limits::kOutboxDatagrams> batch_;
    size_t count_ = 0;
    uint64_t packets_ = 0;
    uint64_t bytes_ = 0;
};

}  // namespace parley::net
