#pragma once

#include <cstdint>

namespace parley::router {

// New: it has no other end yet. Connecting: nothing was heard from there. Silent: for too long; it
// goes on sending, for the other end may hear.
enum class PipeState : uint8_t { New, Connecting, Connected, Silent };

constexpr bool may(PipeState from, PipeState to) {
    switch (from) {
        case PipeState::New: return to == PipeState::Connecting;
        case PipeState::Connecting: return to == PipeState::Connected || to == PipeState::Silent;
        case PipeState::Connected: return to == PipeState::Silent;
        case PipeState::Silent: return to == PipeState::Connected;
    }
    return false;
}

}  // namespace parley::router
