#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/base/histogram.h"

namespace parley::controller {

inline constexpr std::array kJoinSeconds{.05, .1, .25, .5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0};

// Who came and went since the controller started. Reasons are this program's own words, so that
// there are few: those that are known before they happen are there from the start, with 0.
struct Tally {
    using ByReason = std::map<std::string, uint64_t, std::less<>>;

    uint64_t peers_added = 0;    // sessions begun
    uint64_t peers_resumed = 0;  // connections that went on with theirs
    uint64_t joins = 0;          // of those who were added: asked to join, and were let
    ByReason refused = {{"bad-request", 0},     {"capacity", 0},  {"no-such-room", 0},
                        {"no-such-session", 0}, {"room-full", 0}, {"unavailable", 0}};
    ByReason left = {{"capacity", 0},    {"disconnected", 0},   {"empty", 0},
                     {"kicked", 0},      {"left", 0},           {"lost", 0},
                     {"moved", 0},       {"no-capacity", 0},    {"replaced", 0},
                     {"room-closed", 0}, {"transports-lost", 0}};
    base::Histogram<kJoinSeconds> join;     // from being added to having joined
    base::Histogram<kJoinSeconds> connect;  // to the first transport that is connected

    static void count(ByReason& reasons, std::string_view reason) {
        ++reasons.try_emplace(std::string(reason)).first->second;
    }
};

// How much there is of what a controller has.
struct Overview {
    size_t rooms = 0;
    size_t rooms_spread = 0;      // over more than one worker
    size_t rooms_overflowed = 0;  // into workers of other servers
    size_t peers = 0;
    size_t peers_connected = 0;  // with a signalling connection
    size_t peers_joined = 0;
    size_t clients_held = 0;      // who wait for workers to be heard of, or lent
    size_t workers_borrowed = 0;  // that run
    size_t pipes = 0;             // between the workers of our rooms
    size_t crossings = 0;         // streams that go through these
};

}  // namespace parley::controller
