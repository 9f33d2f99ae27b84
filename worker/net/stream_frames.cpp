#include "worker/net/stream_frames.h"

#include <cstring>

#include "common/base/ensure.h"
#include "worker/limits.h"

namespace parley::net {

namespace {

static_assert(limits::kTcpReadBytes >= kFrameHeader + limits::kDatagramBytes);
static_assert(limits::kTcpBacklogBytes >= kFrameHeader + limits::kDatagramBytes);

size_t length_at(const std::vector<uint8_t>& bytes, size_t place) {
    return size_t{bytes[place]} << 8 | bytes[place + 1];
}

// Moves what is between `begin` and `end` to the front.
void close_gap(std::vector<uint8_t>& bytes, size_t& begin, size_t& end) {
    if (begin > 0) std::memmove(bytes.data(), bytes.data() + begin, end - begin);
    end -= begin;
    begin = 0;
}

}  // namespace

FrameCutter::FrameCutter() : bytes_(limits::kTcpReadBytes) {}

std::span<uint8_t> FrameCutter::room() {
    close_gap(bytes_, begin_, end_);
    return std::span(bytes_).subspan(end_);
}

void FrameCutter::add(size_t size) {
    ENSURE(size <= bytes_.size() - end_);
    end_ += size;
}

std::optional<std::span<uint8_t>> FrameCutter::next() {
    if (broken_ || end_ - begin_ < kFrameHeader) return std::nullopt;
    const size_t length = length_at(bytes_, begin_);
    broken_ = length > limits::kDatagramBytes;
    if (broken_ || end_ - begin_ < kFrameHeader + length) return std::nullopt;
    const size_t at = begin_ + kFrameHeader;
    begin_ = at + length;
    return std::span(bytes_).subspan(at, length);
}

FrameBacklog::FrameBacklog() : bytes_(limits::kTcpBacklogBytes) {}

bool FrameBacklog::push(base::Bytes datagram) {
    ENSURE(datagram.size() <= limits::kDatagramBytes);
    const size_t size = kFrameHeader + datagram.size();
    if (bytes_.size() - (end_ - begin_) < size) return false;
    if (bytes_.size() - end_ < size) close_gap(bytes_, begin_, end_);
    bytes_[end_] = static_cast<uint8_t>(datagram.size() >> 8);
    bytes_[end_ + 1] = static_cast<uint8_t>(datagram.size());
    if (!datagram.empty()) {
        std::memcpy(bytes_.data() + end_ + kFrameHeader, datagram.data(), datagram.size());
    }
    end_ += size;
    if (datagrams_++ == 0) first_left_ = size;
    return true;
}

void FrameBacklog::written(size_t size) {
    ENSURE(size <= end_ - begin_);
    while (datagrams_ > 0 && size >= first_left_) {
        size -= first_left_;
        begin_ += first_left_;
        --datagrams_;
        first_left_ = datagrams_ == 0 ? 0 : kFrameHeader + length_at(bytes_, begin_);
    }
    begin_ += size;
    first_left_ -= size;
}

void FrameBacklog::clear() {
    begin_ = end_ = first_left_ = datagrams_ = 0;
}

}  // namespace parley::net
