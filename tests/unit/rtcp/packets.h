#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"

// Bytes as a person writes them: hexadecimal digits, blanks between them as one likes.
inline std::vector<uint8_t> hex(std::string_view text) {
    std::vector<uint8_t> bytes;
    int high = -1;
    for (const char c : text) {
        if (c == ' ') continue;
        const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
        if (high >= 0) bytes.push_back(static_cast<uint8_t>(high << 4 | digit));
        high = high >= 0 ? -1 : digit;
    }
    return bytes;
}

// In a block of its own, exactly as long as it is: a read past the end is seen by ASan.
struct Alone {
    explicit Alone(parley::base::Bytes from) : room(new uint8_t[from.size()]), size(from.size()) {
        std::copy(from.begin(), from.end(), room.get());
    }
    parley::base::Bytes bytes() const { return {room.get(), size}; }

    std::unique_ptr<uint8_t[]> room;
    size_t size;
};

constexpr std::string_view kSenderReportHex =
    "81 c8 000c 0000000a  e0000001 80000000  00000bb8 00000064 00002710 "
    "0000000b 40 fffffe 00010203 00000005 00018000 00008000";
constexpr std::string_view kReceiverReportHex =
    "81 c9 0007 0000000a  0000000b 40 000003 00010203 00000005 00018000 00008000";
constexpr std::string_view kSourceDescriptionHex = "81 ca 0003 0000000a 01 04 61646131 00 00";
constexpr std::string_view kByeHex = "82 cb 0004 0000000a 0000000b 04 676f6e65 00 00 00";
constexpr std::string_view kTransportFeedbackHex = "8f cd 0004 0000000a 0000000b 0001000200000300";
constexpr std::string_view kExtendedReportHex = "80 cf 0004 0000000a 04 00 0002 e0000001 80000000";
