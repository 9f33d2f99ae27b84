#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tests/bench/forward/peer.h"
#include "tests/bench/forward/speaker.h"
#include "tests/bench/forward/worker_process.h"

namespace parley::bench {

// What one room has cost its worker.
struct Cost {
    uint64_t rounds = 0;        // in each everybody says one packet
    uint64_t packets_sent = 0;  // by the worker
    double cpu_ms = 0;
    uint64_t allocations = 0;
    double seconds = 0;
};

// A room of people with open microphones, each with one transport of a real worker, who all hear
// each other: in so many slots each, or, with 0, by a classic consumer for every voice.
class OpenRoom {
public:
    OpenRoom(size_t people, size_t slots, const WorkerFiles& files, int processor);

    // Everybody speaks a packet every 20 ms, or as often as the worker can carry all copies: a
    // round begins when those of the last have come. Throws Failure when they do not.
    Cost talk(uint64_t rounds);

private:
    struct Person {
        DatagramSocket socket;
        std::vector<Peer> peer;        // one, once connected
        std::vector<Speaker> speaker;  // one
    };

    void connect(uint32_t index);
    void listen_to_others(uint32_t index);
    uint64_t copies_of_a_round() const;
    uint64_t hear();

    size_t slots_;
    WorkerProcess process_;
    std::unique_ptr<dtls::Identity> identity_;
    std::vector<Person> people_;
    DatagramReader reader_;
    uint64_t next_id_ = 1'000'000;
};

}  // namespace parley::bench
