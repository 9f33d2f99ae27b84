#include "tests/sim/word.h"

#include <algorithm>
#include <array>

#include "common/base/flat_map.h"

namespace parley::sim {

namespace {

constexpr uint32_t kMagic = 0x50574f52;
constexpr size_t kFixedBytes = 22;

// 60 to 119 bytes for a voice, none more than the fixed part for comfort noise.
size_t size_of(const Word& word) {
    return word.voice ? 60 + base::mix(word.number) % 60 : kFixedBytes;
}

void write_filler(base::ByteWriter& out, const Word& word, size_t size) {
    uint64_t filler = base::mix(uint64_t{word.room} << 32 | word.speaker) ^ word.number;
    while (out.size() < size) {
        filler = base::mix(filler + 1);
        for (size_t i = 0; i < 8 && out.size() < size; ++i) {
            out.u8(static_cast<uint8_t>(filler >> 8 * i));
        }
    }
}

}  // namespace

int8_t dbov_of(const Word& word) {
    const int voice = -20 - static_cast<int>(word.number % 20) - word.softer;
    return static_cast<int8_t>(word.voice ? std::max(voice, -126) : -127);
}

size_t write_word(const Word& word, std::span<uint8_t> room) {
    base::ByteWriter out(room);
    out.u32(kMagic);
    out.u32(word.room);
    out.u32(word.speaker);
    out.u32(word.number);
    out.u32(word.timestamp);
    out.u8(word.voice ? 1 : 0);
    out.u8(word.softer);
    write_filler(out, word, size_of(word));
    return out.size();
}

std::optional<Word> parse_word(base::Bytes payload) {
    base::ByteReader in(payload);
    if (in.u32() != kMagic) return std::nullopt;
    Word word;
    word.room = in.u32();
    word.speaker = in.u32();
    word.number = in.u32();
    word.timestamp = in.u32();
    word.voice = in.u8() == 1;
    word.softer = in.u8();
    std::array<uint8_t, kWordBytesMax> wanted{};
    const size_t size = write_word(word, wanted);
    if (!in.ok() || !std::ranges::equal(payload, std::span(wanted).first(size))) {
        return std::nullopt;
    }
    return word;
}

}  // namespace parley::sim
