#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace parley::dtls {

// What SRTP is keyed with: in each direction the master key and behind it the master salt.
// RFC 5764 §4.2.
struct SrtpKeys {
    uint16_t profile = 0;                       // the IANA's number: 0x0001, 0x0007 or 0x0008
    std::array<uint8_t, 46> local{}, remote{};  // the first key_size + salt_size bytes count
    size_t key_size = 0, salt_size = 0;
};

// One direction of AES-GCM records. RFC 5288 §3.
struct RecordKey {
    std::array<uint8_t, 32> key{};  // the first RecordKeys::key_size bytes count
    std::array<uint8_t, 4> salt{};  // the implicit part of the nonce
};

struct RecordKeys {
    size_t key_size = 0;  // 16 or 32
    RecordKey local, remote;
};

}  // namespace parley::dtls
