#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/serial.h"
#include "tests/sim/mouth.h"
#include "tests/sim/word.h"

namespace parley::sim {

// The numbers of one stream as they arrive at a listener. Notices numbering that contradicts what
// was said: a listener's jitter buffer would play it in the wrong order, or not at all.
class StreamOrder {
public:
    // What is wrong with it, or nothing.
    std::optional<std::string> on_packet(uint16_t sequence_number, uint32_t timestamp,
                                         const Word& word);

    // How often the time between two words that follow each other was not that of the speaker: a
    // pause fell between them, and the worker went by its own clock.
    uint64_t retimed() const { return retimed_; }

    // Numbers between the lowest and the highest that never came.
    uint64_t missing() const;

private:
    struct Numbered {
        int64_t sequence_number = 0;
        uint32_t timestamp = 0;
        Word word;
    };

    base::Unwrapper<uint16_t> unwrapper_;
    std::optional<Numbered> newest_;
    std::set<int64_t> recent_;
    int64_t lowest_ = 0;
    uint64_t distinct_ = 0;
    uint64_t retimed_ = 0;
};

// What one listener heard of one speaker, next to what that one said.
class Heard {
public:
    // What comes later than this after it was said is not heard: it has missed its turn.
    static constexpr base::Duration kTooLate = 1s;

    struct Arrival {
        uint32_t number;
        base::Instant at;
    };

    Heard(const std::vector<Said>& said, const std::vector<Arrival>& arrivals, base::Instant now);

    // Judges only what was said from then on, or until then.
    Heard since(base::Instant from) const;
    Heard until(base::Instant end) const;

    size_t words() const;  // heard, of those with voice
    size_t said() const;   // those that there were to hear
    bool anything() const { return words() > 0; }

    // The longest time in which something was said and nothing of it heard. Without since() it
    // begins with the first word heard; never() as a span when nothing was heard at all.
    base::Duration longest_gap() const;

private:
    const std::vector<Said>& said_;
    std::vector<bool> heard_;  // by number
    base::Instant from_;
    base::Instant end_;
};

}  // namespace parley::sim
