#pragma once

#include <sys/types.h>

#include <vector>

#include "tests/bench/forward/listener.h"
#include "tests/bench/forward/scene.h"
#include "tests/bench/forward/speaker.h"

namespace parley::bench {

// The sockets of everybody in a scene: the same ones for every forwarder under test.
struct Sockets {
    explicit Sockets(const Scene& scene)
        : speakers(scene.all_speakers()), listeners(scene.all_listeners()) {}

    void discard_all() const {
        for (const DatagramSocket& socket : speakers) socket.discard_all();
        for (const DatagramSocket& socket : listeners) socket.discard_all();
    }

    std::vector<DatagramSocket> speakers;
    std::vector<DatagramSocket> listeners;
};

// Everybody in a scene, connected by one forwarder.
struct Call {
    explicit Call(const Scene& scene) {
        for (size_t i = 0; i < scene.all_speakers(); ++i) hearers.push_back(scene.hearers(i));
    }

    std::vector<Speaker> speakers;
    std::vector<Listener> listeners;
    std::vector<std::vector<uint32_t>> hearers;  // of each speaker, in the order of consumers
};

}  // namespace parley::bench
