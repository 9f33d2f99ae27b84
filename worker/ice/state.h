#pragma once

#include <cstdint>

namespace parley::ice {

enum class State : uint8_t {
    New,           // no check has been proved yet
    Connected,     // a check has: media may flow, on a path the peer has not nominated
    Completed,     // on a path that the peer nominated with USE-CANDIDATE
    Disconnected,  // no path has consent any more; a check brings it back
    Closed,        // by its owner
};

constexpr bool may(State from, State to) {
    const bool has_path = to == State::Connected || to == State::Completed;
    switch (from) {
        case State::New:          return has_path || to == State::Closed;
        case State::Connected:    return to == State::Completed || to == State::Disconnected ||
                                         to == State::Closed;
        // Back to Connected: a restart's first check, or the nominated path lost its consent.
        case State::Completed:    return to == State::Connected || to == State::Disconnected ||
                                         to == State::Closed;
        case State::Disconnected: return has_path || to == State::Closed;
        case State::Closed:       return false;
    }
    return false;
}

}  // namespace parley::ice
