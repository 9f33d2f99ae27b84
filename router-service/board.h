#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "common/json/json.h"
#include "router-service/picture.h"

namespace parley::router_service {

// The servers as tiles, and what changed of them since somebody looked. A tile is as coarse as a
// person sees it, so that a thousand servers that all do a little more or less change little.
// Nothing is done for it while nobody looks.
class Board {
public:
    // Of servers that are gone, so many are remembered: who looked before sees everything anew.
    static constexpr size_t kGoneMost = 1'024;

    // Takes over how the servers stand. True when that is different; then it is of this version.
    // REQUIRES: versions only grow.
    bool on_look(Instant now, const Picture& picture, uint64_t version);

    // Whether what changed since this version can still be told.
    bool knows(uint64_t since) const { return since >= forgotten_; }

    // Members of an object, of what is newer than `since`:
    // "came": [[number, id, region, version, capacity in cores, workers], ...]: facts of a server;
    // "now": [[number, standing, used and predicted in percent of the capacity, rooms, people,
    //          workers, seconds left to drain or -1], ...], where a worker is a letter: "0" idle to
    //          "z" busy, "-" for one that does not run;
    // "gone": [number, ...], nothing when all is told. Numbers are never used again, and a server
    // that restarts keeps its.
    void write(JsonWriter& json, uint64_t since) const;

    size_t size() const { return tiles_.size(); }
    size_t bytes() const;  // roughly

private:
    struct Facts {
        std::string region;
        std::string version;
        double capacity = 0;  // to a tenth of a core
        uint32_t workers = 0;
        bool operator==(const Facts&) const = default;
    };
    struct State {
        const char* standing = "";
        uint32_t used = 0;
        uint32_t predicted = 0;
        uint32_t rooms = 0;
        uint32_t people = 0;
        std::string workers;
        int32_t drain_left = -1;  // to ten seconds
        bool operator==(const State&) const = default;
    };
    struct Tile {
        uint32_t number = 0;
        Facts facts;
        State state;
        uint64_t facts_version = 0;
        uint64_t state_version = 0;
        uint64_t seen = 0;
    };
    struct Gone {
        uint32_t number;
        uint64_t version;
    };

    static Facts facts_of(const Server& server);
    static State state_of(Instant now, const Server& server);
    bool forget_unseen(uint64_t look, uint64_t version);

    std::map<std::string, Tile, std::less<>> tiles_;  // by server id
    std::deque<Gone> gone_;
    uint64_t forgotten_ = 0;  // the version of the latest gone that is not remembered
    uint64_t looks_ = 0;
    uint32_t last_number_ = 0;
};

// "eligible", "lost", ... and "drained", which placement does not tell from "draining".
const char* standing_word(const Server& server);

// Of its capacity, in percent; a server without any is full.
uint32_t percent_of(double cores, const Server& server);

}  // namespace parley::router_service
