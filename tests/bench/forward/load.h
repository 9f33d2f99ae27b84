#pragma once

#include <deque>
#include <vector>

#include "tests/bench/forward/call.h"

namespace parley::bench {

// What a load did to the people in a call.
struct Heard {
    uint64_t spoken = 0;  // packets that speakers said
    uint64_t heard = 0;   // packets that listeners heard
    double seconds = 0;
    std::vector<uint32_t> latencies_ns;  // of the packets that were decrypted
    uint32_t late = 0;    // packets that the generator said more than a millisecond late
};

// Generator and sink in one: says packets and hears every copy of each, by polling, so that no
// wake-up of the sink is on the forwarder's bill. Throws Failure when a copy is wrong, or does not
// come.
class Load {
public:
    Load(const Scene& scene, Call& call);

    // As fast as the forwarder goes: there are always a few packets on their way, of speakers who
    // take turns. Ends when all that was said has been heard.
    Heard saturate(uint64_t duration_ns);

    // Every speaker says scene.packets_per_second, at a phase of his own.
    Heard pace(uint64_t duration_ns);

private:
    // Where copies are looked for: the first of those that are due. A forwarder may send in another
    // order; it is then read later, and not missed.
    static constexpr size_t kLookAhead = 8;

    struct Due {
        uint32_t listener;
        bool last;             // of one spoken packet
        uint64_t heard_count;  // what the listener has heard in all when it is there
    };

    void begin(uint32_t check_every);
    void speak(uint64_t now_ns, size_t speaker);
    void listen(uint64_t now_ns);
    void drain();
    bool arrived(const Due& due) const {
        return call_.listeners[due.listener].heard() >= due.heard_count;
    }
    Heard end();

    const Scene& scene_;
    Call& call_;
    DatagramReader reader_;
    std::vector<uint64_t> promised_;  // to each listener, in all
    std::deque<Due> due_;
    size_t on_their_way_ = 0;  // spoken packets
    uint64_t begun_ns_ = 0;
    uint64_t progress_ns_ = 0;
    Heard heard_;
};

}  // namespace parley::bench
