#include "worker/stun/fingerprint.h"

#include <array>

namespace parley::stun {

namespace {

using Table = std::array<uint32_t, 256>;

// Table k says what a byte does to the sum when k more bytes follow it. With eight of them a word
// of eight bytes takes one step, and a check costs a few nanoseconds before it is known to be one.
constexpr std::array<Table, 8> make_tables() {
    constexpr uint32_t kPolynomial = 0xedb88320;
    std::array<Table, 8> tables{};
    for (uint32_t byte = 0; byte < 256; ++byte) {
        uint32_t sum = byte;
        for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ (sum & 1 ? kPolynomial : 0);
        tables[0][byte] = sum;
    }
    for (size_t k = 1; k < tables.size(); ++k) {
        for (size_t byte = 0; byte < 256; ++byte) {
            const uint32_t before = tables[k - 1][byte];
            tables[k][byte] = before >> 8 ^ tables[0][before & 0xff];
        }
    }
    return tables;
}

constexpr std::array<Table, 8> kTables = make_tables();

uint32_t crc32(base::Bytes bytes) {
    uint32_t sum = 0xffffffff;
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
        uint32_t next = 0;
        for (size_t i = 0; i < 4; ++i) {
            const uint32_t low = (sum >> 8 * i ^ bytes[i]) & 0xff;
            next ^= kTables[7 - i][low] ^ kTables[3 - i][bytes[4 + i]];
        }
        sum = next;
    }
    for (const uint8_t byte : bytes) sum = sum >> 8 ^ kTables[0][(sum ^ byte) & 0xff];
    return ~sum;
}

}  // namespace

uint32_t fingerprint_of(base::Bytes before) {
    constexpr uint32_t kStun = 0x5354554e;
    return crc32(before) ^ kStun;
}

}  // namespace parley::stun
