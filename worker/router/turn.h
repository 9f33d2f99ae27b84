#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "worker/dtls/session.h"
#include "worker/ice/lite_agent.h"
#include "worker/net/outbox.h"
#include "worker/router/audio_level_observer.h"
#include "worker/router/counters.h"
#include "worker/router/pipe_state.h"

namespace parley::router {

// What a router says to whoever owns the room. Ids are the controller's.
struct IceStateChanged {
    uint64_t transport;
    ice::State state;
    std::string remote;  // the selected path, "" when there is none
};
struct DtlsStateChanged {
    uint64_t transport;
    dtls::State state;
    dtls::Why why;
};
struct Volumes {
    uint64_t observer;
    std::vector<Volume> loudest_first;  // empty: silence
};
struct DominantSpeaker {
    uint64_t observer;
    uint64_t producer;
};
// Whose voice a slot carries from now on.
struct SlotSpeaker {
    uint64_t transport;
    uint64_t consumer;
    uint32_t csrc;  // 0: nobody's
};
struct SlotSpeakers {
    std::vector<SlotSpeaker> slots;
};
struct PipeStateChanged {
    uint64_t pipe;
    PipeState state;
};
struct RouterOpened {
    uint64_t router;
    std::string trace;  // trace-id of what it was made for
};
using Notice = std::variant<IceStateChanged, DtlsStateChanged, Volumes, DominantSpeaker,
                            SlotSpeakers, PipeStateChanged, RouterOpened>;

// What one turn may write to: datagrams that leave, counters, and notices to the controller.
struct Turn {
    net::Outbox& out;
    Counters& counters;
    std::vector<Notice>& notices;

    void drop(net::Drop why) { counters.drops.count(why); }
};

}  // namespace parley::router
