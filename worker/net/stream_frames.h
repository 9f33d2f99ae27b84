#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/base/bytes.h"

namespace parley::net {

// A byte stream carries datagrams by putting the length of each before it, as 16 bits in network
// byte order. RFC 4571 §2, which RFC 6544 §3 wants for all that goes over TCP.
constexpr size_t kFrameHeader = 2;

// Cuts what a stream brings into its datagrams. Allocates when it is made, and never after.
class FrameCutter {
public:
    FrameCutter();

    // Where the next bytes of the stream may be put, and then how many were. Never empty, unless
    // broken(). What next() gave is gone with the call of room().
    std::span<uint8_t> room();
    void add(size_t size);

    // The next datagram that is here as a whole, which may be changed in place; nothing when there
    // is none, or when broken().
    std::optional<std::span<uint8_t>> next();

    // A frame claims to be longer than a datagram may be: nothing after it can be understood.
    bool broken() const { return broken_; }

    // A part of a frame is here, and its rest is not. Asked after next() gave nothing.
    bool halfway() const { return begin_ < end_; }

private:
    std::vector<uint8_t> bytes_;
    size_t begin_ = 0;  // of what is not handed out
    size_t end_ = 0;
    bool broken_ = false;
};

// What waits to be written to a stream: whole datagrams, each behind its length, of which the
// stream may have taken a part of the first. Allocates when it is made, and never after.
class FrameBacklog {
public:
    FrameBacklog();

    // False when so much waits already that it would be late: nothing is changed then.
    // REQUIRES: datagram.size() <= limits::kDatagramBytes.
    bool push(base::Bytes datagram);

    base::Bytes waiting() const { return std::span(bytes_).subspan(begin_, end_ - begin_); }
    bool empty() const { return begin_ == end_; }
    size_t datagrams() const { return datagrams_; }  // that are not wholly written

    // The stream took so many of waiting().
    void written(size_t size);
    void clear();

private:
    std::vector<uint8_t> bytes_;
    size_t begin_ = 0;
    size_t end_ = 0;
    size_t first_left_ = 0;  // bytes of the first datagram's frame that wait
    size_t datagrams_ = 0;
};

}  // namespace parley::net
