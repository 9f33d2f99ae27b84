#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

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

// Opus at 48 kHz as a browser sends it: mid "0" (id 4), audio level -42 with voice (id 1).
inline std::vector<uint8_t> browser_packet() {
    return hex("90 ef 0102 00030405 deadbeef  bede 0002 40 30 10 aa 00 00 00 00  f8 ff fe");
}
