#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "common/base/bytes.h"

namespace parley::bench {

// What a speaker says in one packet, so that whoever hears it knows whose it is, which one, how
// long it took, and that no byte was changed on the way.
struct Words {
    uint64_t spoken_ns;  // of now_ns()
    uint32_t speaker;
    uint32_t number;     // the speaker's packets, from 0

    bool operator==(const Words&) const = default;
};

constexpr size_t kWordsBytes = 100;  // a common Opus frame of 20 ms

// REQUIRES: room for kWordsBytes.
inline void write_words(const Words& words, std::span<uint8_t> room) {
    base::ByteWriter out(room.first(kWordsBytes));
    out.u64(words.spoken_ns);
    out.u32(words.speaker);
    out.u32(words.number);
    while (out.size() < kWordsBytes) out.u8(static_cast<uint8_t>(words.number + out.size()));
}

// Nothing when the payload is not one that write_words() wrote.
inline std::optional<Words> read_words(base::Bytes payload) {
    base::ByteReader in(payload);
    const Words words{in.u64(), in.u32(), in.u32()};
    if (payload.size() != kWordsBytes) return std::nullopt;
    for (size_t at = 16; at < kWordsBytes; ++at) {
        if (in.u8() != static_cast<uint8_t>(words.number + at)) return std::nullopt;
    }
    return words;
}

}  // namespace parley::bench
