#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/handle.h"
#include "controller/core.h"
#include "controller/media.h"

namespace parley::controller {
struct Member;
}

namespace parley::controller::rooms {

struct Room;

// What a peer has in its worker. Ids are numbers here and their decimal text at the
// client.
struct Transport {
    uint64_t id = 0;
    bool producing = false;
    bool consuming = false;
    bool force_tcp = false;  // the client wants TCP alone
    bool created = false;    // the worker has said so
    uint32_t next_mid = 0;   // a consumer's mid is never used twice on its transport
};

// A voice in another worker than its own, where somebody of its room hears it.
struct Crossing {
    uint64_t consumer = 0;  // in its own worker: takes it out of the router, into the pipe
    uint64_t producer = 0;  // in the other: brings it out of the pipe
    bool arrived = false;   // the other was asked to bring it out
    uint32_t ears = 0;      // how many hear it there
    uint32_t asleep = 0;    // of these, have paused it
    bool paused = false;    // all have: nothing goes into the pipe
};

struct Producer {
    uint64_t id = 0;
    uint64_t transport = 0;
    bool created = false;  // the worker has said so
    bool paused_by_client = false;
    uint32_t ssrc = 0;  // 0: none was declared
    uint8_t payload_type = 0;
    uint32_t clock_rate = 0;
    std::string mid;
    std::string cname;
    std::map<WorkerIndex, Crossing> crossings;  // by the worker where it is heard
    std::string app_data = "{}";                // JSON of the client, for the clients that hear it
};

struct Consumer {
    uint64_t id = 0;
    uint64_t transport = 0;
    uint64_t producer = 0;
    uint32_t ssrc = 0;
    std::string mid;
    bool created = false;  // the worker has said so
    bool ready = false;    // the client has said so: until then it is paused
    bool paused_by_client = false;
    std::optional<uint32_t> slot;  // which of the peer's slots it is; producer is 0 then
    uint32_t csrc = 0;             // of a slot: whose voice it carries; 0: nobody's

    bool paused() const { return !ready || paused_by_client; }
};

// One participant's membership in a room. It outlives its connection for a while.
struct Peer {
    std::string id;
    base::Handle<Room> room;
    Rights rights;
    Instant since;
    std::string remote;
    std::optional<WorkerIndex> worker;  // where its transports are; nothing while none runs

    bool joined = false;
    std::string display_name;
    std::string device = "{}";  // JSON as the client sent it
    ReceiveAbility ability;
    uint32_t csrc = 0;   // names it to those who hear it in a slot; unique in its room
    uint32_t slots = 0;  // it hears the loudest in so many; 0: everybody, in a stream each
    std::set<std::string> muted_peers;      // by this listener, for itself: ids of peers
    std::vector<std::string> pinned_peers;  // the first is the dearest
    bool muted = false;                     // by an administrator: nothing it says is forwarded
    bool recovered = false;                 // its media outlived another controller
    bool was_connected = false;             // a transport of it has been

    std::map<uint64_t, Transport> transports;
    std::map<uint64_t, Producer> producers;
    std::map<uint64_t, Consumer> consumers;
    std::map<uint64_t, uint64_t> hearing;  // producer of another -> own consumer
    std::set<uint64_t> brought;  // producers of other workers, for its slots to choose among
    std::set<uint64_t> asleep;   // producers of other workers that it has paused
    std::vector<uint64_t> lost_transports;  // with their worker; not told yet

    bool paused(const Producer& producer) const { return muted || producer.paused_by_client; }

    // The transport that consumers go to, the newest; nothing when there is none yet.
    Transport* receiving();

    bool can_hear() const { return joined && rights.subscribe && ability.opus; }

    void forget_consumer(uint64_t consumer);

    PeerInfo info(bool connected) const;
    void ensure_invariants() const;
};

}  // namespace parley::controller::rooms
