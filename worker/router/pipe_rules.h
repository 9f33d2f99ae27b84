#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "worker/router/piped_consumer.h"
#include "worker/router/speakers.h"

namespace parley::router {

// Which of the voices spoken into a router go into one of its pipes.
struct PipeRule {
    size_t loudest = 0;            // so many of them; 0: all. At most kRankedSpeakers
    std::vector<uint32_t> always;  // and these, however quiet they are; by csrc
};

// The rules of a router, by pipe, and the order of its own voices, by which they are kept. Voices
// that came out of a pipe themselves do not count: were two routers to choose among the same ones,
// and to disagree on the order, each could hold back its own for the other's sake.
class PipeRules {
public:
    bool any() const { return !rules_.empty(); }

    // `voices` are all that there are in the router: with the first rule they begin to be ordered.
    void set(uint64_t pipe, PipeRule rule, std::span<Producer* const> voices);
    void erase(uint64_t pipe);

    void add(Producer& voice);
    void remove(base::Instant now, const Producer& voice);
    void silence(const Producer& voice);

    // Whether the stream goes into its pipe now.
    bool lets_in(const PipedConsumer& stream) const;

    // --- the hot path

    // At this level the voice would never come to be let in anywhere where it is not. The level
    // need not be true.
    bool needless(base::Instant now, const Producer& voice, int8_t dbov) const;

    // Takes a packet into the order. True: what lets_in() says may have changed.
    // REQUIRES: an authentic packet of a voice that is not paused.
    bool on_packet(base::Instant now, const Producer& voice, int8_t dbov);

private:
    struct Entry {
        uint64_t pipe;
        PipeRule rule;
    };

    static bool competes(const Producer& voice) {
        return voice.transport() != 0 && voice.options().csrc != 0;
    }
    const PipeRule* find(uint64_t pipe) const;
    void measure_depth();

    std::vector<Entry> rules_;
    Speakers speakers_;  // nobody, without a rule
    size_t depth_ = 0;   // how many ranks matter to any rule
};

}  // namespace parley::router
