#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "worker/srtp/profile.h"

namespace parley::bench {

// Who speaks and who listens, in rooms that are all alike.
struct Scene {
    std::string_view name;
    size_t rooms = 1;
    size_t speakers = 1;      // of one room
    size_t listeners = 1;     // of one room
    bool all_talk = false;    // listener i is speaker i, who does not hear himself
    double packets_per_second = 50;  // that one speaker says at the moderate rate
    srtp::Profile profile = srtp::Profile::AeadAes128Gcm;

    size_t all_speakers() const { return rooms * speakers; }
    size_t all_listeners() const { return rooms * listeners; }
    size_t room_of_speaker(size_t speaker) const { return speaker / speakers; }
    size_t room_of_listener(size_t listener) const { return listener / listeners; }

    // The listeners who hear a speaker; both are counted through all rooms.
    std::vector<uint32_t> hearers(size_t speaker) const {
        std::vector<uint32_t> all;
        const size_t first = room_of_speaker(speaker) * listeners;
        for (size_t i = 0; i < listeners; ++i) {
            if (!all_talk || i != speaker % speakers) {
                all.push_back(static_cast<uint32_t>(first + i));
            }
        }
        return all;
    }
};

}  // namespace parley::bench
