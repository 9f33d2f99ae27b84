#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "common/base/bytes.h"

namespace parley::shell {

// Frames on a stream of bytes: four bytes of little-endian length, then so many bytes of body.
constexpr size_t kFramePrefixBytes = 4;

inline std::array<uint8_t, kFramePrefixBytes> frame_prefix(size_t body_bytes) {
    std::array<uint8_t, kFramePrefixBytes> prefix;
    for (uint8_t& byte : prefix) {
        byte = static_cast<uint8_t>(body_bytes);
        body_bytes >>= 8;
    }
    return prefix;
}

// Puts frames together again, however the stream was cut. Memory grows with what has arrived, not
// with what a prefix promises.
class FrameReader {
public:
    explicit FrameReader(size_t max_body_bytes) : max_body_bytes_(max_body_bytes) {}

    // Takes bytes off the front of `bytes`, up to the end of one frame at most. True when a frame
    // is whole: body() is it until the next call.
    bool take(base::Bytes& bytes) {
        if (whole_) begin();
        if (prefix_size_ < kFramePrefixBytes && !take_prefix(bytes)) return false;
        if (too_long()) return false;
        const size_t size = std::min(bytes.size(), body_bytes_ - body_.size());
        body_.insert(body_.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
        bytes = bytes.subspan(size);
        return whole_ = body_.size() == body_bytes_;
    }

    // Without its prefix, aligned for any FlatBuffer.
    base::Bytes body() const { return body_; }

    // True once a frame was announced that is longer than any may be. Nothing follows it.
    bool too_long() const { return body_bytes_ > max_body_bytes_; }

private:
    void begin() {
        whole_ = false;
        prefix_size_ = 0;
        body_bytes_ = 0;
        body_.clear();  // keeps its room, which operator new aligned to 16
    }

    bool take_prefix(base::Bytes& bytes) {
        while (prefix_size_ < kFramePrefixBytes) {
            if (bytes.empty()) return false;
            body_bytes_ |= size_t{bytes[0]} << (8 * prefix_size_++);
            bytes = bytes.subspan(1);
        }
        return true;
    }

    size_t max_body_bytes_;
    size_t prefix_size_ = 0;
    size_t body_bytes_ = 0;
    bool whole_ = false;
    std::vector<uint8_t> body_;
};

}  // namespace parley::shell
