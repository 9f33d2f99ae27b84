#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/base/bytes.h"
#include "common/base/time.h"

namespace parley::sim {

// What one person says in one room in 20 ms. As a payload it takes the place of Opus, so that
// whoever hears it knows whose voice it is and whether all of it arrived.
struct Word {
    uint32_t room = 0;
    uint32_t speaker = 0;
    uint32_t number = 0;     // of all that this speaker said or was silent about
    uint32_t timestamp = 0;  // RTP, as the speaker sent it
    bool voice = false;      // false: comfort noise
    uint8_t softer = 0;      // dB, than a voice usually is

    bool operator==(const Word&) const = default;
};

// How loud it is: a voice moves between -20 and -39 dBov, and a soft one as much below.
int8_t dbov_of(const Word& word);

// Writes the payload and returns its size: about as long as Opus at 32 kbit/s, longer and shorter
// from word to word. REQUIRES: room for kWordBytesMax.
constexpr size_t kWordBytesMax = 128;
size_t write_word(const Word& word, std::span<uint8_t> room);

// Nothing unless every byte is as write_word() wrote it.
std::optional<Word> parse_word(base::Bytes payload);

}  // namespace parley::sim
