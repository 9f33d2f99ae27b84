#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/workers/pipe_codec.h"
#include "tests/sim/laws.h"
#include "tests/sim/people.h"
#include "tests/sim/places.h"
#include "tests/sim/voice_receiver.h"
#include "tests/sim/voice_sender.h"

namespace parley::sim {

// A worker, and a controller that asks it one thing at a time and has its answer at once. Clients
// and other workers reach it at two addresses, so that the way to the latter may be rough.
class SpreadWorker {
public:
    SpreadWorker(World& world, Network& network, uint32_t number,
                 WorkerProcess::TurnEnded turn_ended);

    // REQUIRES: the worker does not refuse. The body is what it answered.
    controller::workers::ReplyBody ask(controller::workers::Body body);
    template <typename T>
    T ask_for(controller::workers::Body body) {
        return std::get<T>(ask(std::move(body)));
    }

    const WorkerProcess& process() const { return *process_; }
    Conditions& way_out() { return to_workers_.up.conditions; }  // to other workers
    const std::vector<controller::workers::PipeState>& told() const { return told_; }

private:
    void hear(base::Bytes frame);

    Line to_clients_;
    Line to_workers_;
    std::optional<controller::workers::Reply> latest_;
    std::vector<controller::workers::PipeState> told_;  // of pipes, since the start
    uint32_t latest_request_ = 0;
    std::unique_ptr<WorkerProcess> process_;
};

// Somebody with one transport, to speak on and to listen.
class SpreadPerson final : public LegListener, public Waiter {
public:
    SpreadPerson(World& world, Network& network, Places& places, Laws& laws, std::string name);
    ~SpreadPerson() override;

    MediaLeg& leg() { return *leg_; }
    VoiceSender& voice() { return voice_; }
    VoiceReceiver& ears() { return *ears_; }
    const std::string& name() const { return name_; }
    const std::string& fingerprint() const { return identity_->fingerprints().front().value; }
    const std::string& fingerprint_algorithm() const {
        return identity_->fingerprints().front().algorithm;
    }
    void introduce(People& people, uint32_t room);
    void speak(base::Duration how_long);
    Heard heard(const SpreadPerson& other) const;

    void on_rtp(MediaLeg& leg, base::Bytes packet) override;
    void on_rtcp(MediaLeg& leg, base::Bytes compound) override;
    void on_keys(MediaLeg& leg, const dtls::SrtpKeys& keys) override;
    void on_nonsense(MediaLeg& leg, const char* what) override;
    void on_deadline() override;

private:
    World& world_;
    Laws& laws_;
    std::string name_;
    uint32_t number_ = 0;
    World::WaiterId waiter_;
    Line line_;
    std::unique_ptr<dtls::Identity> identity_;
    VoiceSender voice_;
    std::unique_ptr<VoiceReceiver> ears_;
    std::unique_ptr<MediaLeg> leg_;
};

// Rooms that are spread over several workers: each room has a router in each worker that somebody
// of it is at, and between any two workers there is one pipe. The laws are looked at as in Cluster.
class SpreadCluster {
public:
    struct Options {
        uint32_t workers = 2;
        Conditions way = {.delay = 40ms};        // between workers, each direction
        std::set<uint32_t> without_repair = {};  // workers whose pipes cannot mend
    };

    SpreadCluster(uint64_t seed, Options options);

    SpreadPerson& join(const std::string& room, uint32_t worker, const std::string& name);
    // All who joined are connected, and all of a room hear each other.
    void introduce_all();
    void run(base::Duration how_long) { world_.run_until(world_.now() + how_long); }

    SpreadWorker& worker(uint32_t index) { return *workers_[index]; }
    controller::workers::PipeStats pipe_stats(uint32_t at, uint32_t to);
    World& world() { return world_; }

private:
    struct Member {
        std::unique_ptr<SpreadPerson> person;
        uint32_t worker;
        uint64_t transport;
        uint64_t producer;
    };
    struct Room {
        uint32_t number;
        std::map<uint32_t, uint64_t> routers;  // by worker
        std::vector<Member> members;
    };

    void connect_workers();
    uint64_t router_of(Room& room, uint32_t worker);
    void carry(Room& room, const Member& speaker);
    void listen(const Member& listener, const Member& speaker, uint64_t producer);
    uint64_t pipe_of(uint32_t one, uint32_t other) const {
        return 1'000 + std::min(one, other) * 100 + std::max(one, other);
    }

    Options options_;
    World world_;
    Network network_;
    People people_;
    Places places_;
    Laws laws_;
    std::vector<std::unique_ptr<SpreadWorker>> workers_;
    std::map<std::string, Room> rooms_;
    uint64_t latest_id_ = 0;
};

}  // namespace parley::sim
