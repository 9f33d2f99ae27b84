#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "tests/sim/cluster.h"

namespace parley::sim {

// What came of one story with one seed.
class Outcome {
public:
    void expect(bool holds, const std::string& otherwise) {
        if (!holds) failures_.push_back(otherwise);
    }
    void passed_time(base::Duration time) { virtual_time_ += time; }
    void heard(uint64_t words) { words_ += words; }

    const std::vector<std::string>& failures() const { return failures_; }
    base::Duration virtual_time() const { return virtual_time_; }
    uint64_t words() const { return words_; }

private:
    std::vector<std::string> failures_;
    base::Duration virtual_time_ = 0us;
    uint64_t words_ = 0;
};

// Something that happens to many people and differs from seed to seed. The laws hold throughout.
struct Story {
    const char* name;
    const char* what;
    uint64_t seeds;  // tried unless told otherwise
    void (*tell)(uint64_t seed, Outcome& outcome);
};

std::span<const Story> stories();

// A cluster full of rooms, where two or three of a room speak at a time.
class Crowd {
public:
    // With slots three of four hear in so many.
    Crowd(uint64_t seed, size_t rooms, size_t people_per_room, const Conditions& conditions,
          uint32_t slots = 0, const controller::Options& options = {});

    Cluster& cluster() { return cluster_; }
    std::vector<Room>& rooms() { return rooms_; }
    std::vector<std::vector<Peer>>& people() { return people_; }
    Peer& somebody();
    uint32_t slots() const { return slots_; }

    // They talk, in turns, for so long.
    void talk(base::Duration how_long);
    // Everybody heard of everybody in their room at least `share` of what was said since then,
    // and never missed more than `longest` of it in one piece.
    void judge(base::Instant since, double share, base::Duration longest, Outcome& outcome);

private:
    Cluster cluster_;
    uint32_t slots_;
    std::vector<Room> rooms_;
    std::vector<std::vector<Peer>> people_;
};

}  // namespace parley::sim
