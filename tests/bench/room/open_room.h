#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tests/bench/forward/peer.h"
#include "tests/bench/forward/speaker.h"
#include "tests/bench/forward/usage.h"
#include "tests/bench/forward/worker_process.h"

namespace parley::bench {

// What one room has cost its workers, all together.
struct Cost {
    uint64_t rounds = 0;  // in each every speaker says one packet
    uint64_t heard = 0;   // packets, by all people
    double cpu_ms = 0;
    uint64_t allocations = 0;
};

// The first `speakers` of the people have open microphones. All hear them, but not themselves: in
// so many slots each, or, with 0, by a classic consumer for every voice. They are dealt out to the
// workers in turn, whose routers are piped to each other, each with each.
struct RoomPlan {
    size_t people;
    size_t speakers;
    size_t slots = 0;
    size_t workers = 1;
    bool speakers_hear = true;
};

// A room in real workers, on one processor all of them, and its people, who each have one
// transport.
class OpenRoom {
public:
    OpenRoom(const RoomPlan& plan, const WorkerFiles& files, int processor);

    // Every speaker says a packet each 20 ms, or as often as the workers can carry all copies: a
    // round begins when those of the last have come. Throws Failure when they do not, or when
    // somebody hears what nobody said.
    Cost talk(uint64_t rounds);

private:
    struct Person {
        DatagramSocket socket;
        std::vector<Peer> peer;        // one, once connected
        std::vector<Speaker> speaker;  // one, of a speaker
        uint64_t heard = 0;
    };

    size_t worker_of(size_t person) const { return person % plan_.workers; }
    support::WorkerClient& client_of(size_t person) {
        return workers_[worker_of(person)]->client();
    }

    void connect(uint32_t index);
    void check_all();
    void speak_up(uint32_t index, const srtp::Master& key);
    void join_routers(size_t one, size_t other);
    void pipe_voices(size_t from, size_t to);
    void listen_to_others(uint32_t index);
    uint64_t copies_of_a_round(size_t person) const;
    uint64_t hear();
    std::string lost(uint64_t copies);  // what is known of them
    CpuTime cpu_time() const;
    uint64_t allocations() const;

    RoomPlan plan_;
    std::vector<std::unique_ptr<WorkerProcess>> workers_;
    std::unique_ptr<dtls::Identity> identity_;
    std::vector<Person> people_;
    DatagramReader reader_;
    uint64_t next_id_ = 1'000'000;
};

}  // namespace parley::bench
