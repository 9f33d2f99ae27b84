#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace parley::base {

using Bytes = std::span<const uint8_t>;

inline Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Reads network byte order. Fails once and stays failed: after a read past the end every value is
// zero and every span empty, so a parser may check ok() at its end. The bytes are borrowed.
class ByteReader {
public:
    explicit ByteReader(Bytes bytes) : rest_(bytes) {}

    uint8_t u8() { return static_cast<uint8_t>(number(1)); }
    uint16_t u16() { return static_cast<uint16_t>(number(2)); }
    uint32_t u24() { return static_cast<uint32_t>(number(3)); }
    uint32_t u32() { return static_cast<uint32_t>(number(4)); }
    uint64_t u64() { return number(8); }

    Bytes take(size_t size) {
        if (size > rest_.size()) {
            fail();
            return {};
        }
        const Bytes taken = rest_.first(size);
        rest_ = rest_.subspan(size);
        return taken;
    }

    void skip(size_t size) { take(size); }

    void fail() {
        ok_ = false;
        rest_ = {};
    }

    bool ok() const { return ok_; }
    Bytes rest() const { return rest_; }
    size_t size() const { return rest_.size(); }
    bool empty() const { return rest_.empty(); }

private:
    uint64_t number(size_t size) {
        uint64_t value = 0;
        for (const uint8_t byte : take(size)) value = value << 8 | byte;
        return value;
    }

    Bytes rest_;
    bool ok_ = true;
};

// Writes network byte order into borrowed room. Like the reader it fails once and stays failed,
// and never writes past the end.
class ByteWriter {
public:
    explicit ByteWriter(std::span<uint8_t> room) : room_(room) {}

    void u8(uint8_t value) { number(value, 1); }
    void u16(uint16_t value) { number(value, 2); }
    void u24(uint32_t value) { number(value, 3); }
    void u32(uint32_t value) { number(value, 4); }
    void u64(uint64_t value) { number(value, 8); }

    void put(Bytes bytes) {
        if (!fits(bytes.size())) return;
        if (!bytes.empty()) std::memcpy(room_.data() + size_, bytes.data(), bytes.size());
        size_ += bytes.size();
    }

    void zeros(size_t count) {
        if (!fits(count)) return;
        std::memset(room_.data() + size_, 0, count);
        size_ += count;
    }

    // Overwrites two bytes written before, for lengths known only at the end.
    // REQUIRES: at + 2 <= size(), unless the writer has failed.
    void u16_at(size_t at, uint16_t value) {
        if (!ok_ || at + 2 > size_) return fail();
        room_[at] = static_cast<uint8_t>(value >> 8);
        room_[at + 1] = static_cast<uint8_t>(value);
    }

    bool ok() const { return ok_; }
    size_t size() const { return size_; }
    std::span<uint8_t> written() const { return room_.first(size_); }

private:
    void fail() { ok_ = false; }

    bool fits(size_t count) {
        if (ok_ && count <= room_.size() - size_) return true;
        fail();
        return false;
    }

    void number(uint64_t value, size_t size) {
        if (!fits(size)) return;
        for (size_t i = size; i-- > 0; value >>= 8) room_[size_ + i] = static_cast<uint8_t>(value);
        size_ += size;
    }

    std::span<uint8_t> room_;
    size_t size_ = 0;
    bool ok_ = true;
};

}  // namespace parley::base
