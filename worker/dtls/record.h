#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.h"

namespace parley::dtls {

enum class ContentType : uint8_t {
    ChangeCipherSpec = 20,
    Alert = 21,
    Handshake = 22,
    ApplicationData = 23,
};

constexpr uint16_t kVersion10 = 0xfeff;  // of the records before a version is agreed
constexpr uint16_t kVersion12 = 0xfefd;
constexpr size_t kRecordHeader = 13;

// One record of a datagram. RFC 6347 §4.1.
struct Record {
    ContentType type;
    uint16_t version;
    uint16_t epoch;            // 0 in the clear, 1 under the keys of the handshake
    uint64_t sequence_number;  // 48 bits
    base::Bytes fragment;      // borrowed
};

// Takes one record off the front of a datagram. Nothing, and a failed reader, when it is not one
// of DTLS 1.0 to 1.2.
std::optional<Record> parse_record(base::ByteReader& in);

// Whether a datagram is one or more whole records and nothing else. RFC 6347 §4.1.1.
bool is_records(base::Bytes datagram);

}  // namespace parley::dtls
