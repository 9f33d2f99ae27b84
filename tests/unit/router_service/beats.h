#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/cluster/messages.h"

// Beats of model servers.
namespace parley::test {

inline constexpr base::Instant kStart = base::Instant::from_micros(1'700'000'000'000'000);

inline cluster::Load load_of(double used, double capacity = 4) {
    return {.capacity = capacity, .used = used, .per_peer = 0.01, .workers = 4};
}

inline cluster::Beat beat_of(std::string server, uint64_t number, double used = 0) {
    cluster::Beat beat;
    beat.server = std::move(server);
    beat.incarnation = 1;
    beat.number = number;
    beat.signalling = "wss://" + beat.server;
    beat.link = "ws://" + beat.server;
    beat.load = load_of(used);
    return beat;
}

inline cluster::RoomReport room_of(std::string room, cluster::Epoch epoch = 1, uint32_t peers = 0) {
    return {
        .room = std::move(room), .epoch = epoch, .peers = peers, .created = kStart, .options = {}};
}

}  // namespace parley::test
