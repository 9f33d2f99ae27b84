#pragma once

#include <array>
#include <optional>
#include <utility>

#include "controller/workers/messages.h"

namespace parley::controller::workers {

using PipeEnds = std::pair<WorkerIndex, WorkerIndex>;  // the lower first

// Carries the streams of any rooms between two workers of this machine. Both know it by one id.
struct Pipe {
    enum class State : uint8_t {
        Opening,  // streams may be put into it, and leave once the ends know of each other
        Open,
        Refused,  // by one of its ends; it is closed, and tried again after a while
    };

    uint64_t id = 0;
    State state = State::Opening;
    std::array<std::optional<PipeCreated>, 2> created;  // what the ends answered, while Opening
    uint32_t streams = 0;                               // that cross now, both ways
};

// What the end `self` is told of the end `other`: an address of the same family. Nothing when they
// have no such addresses.
std::optional<ConnectPipe> connect_ends(uint64_t pipe, const PipeCreated& self,
                                        const PipeCreated& other);

}  // namespace parley::controller::workers
