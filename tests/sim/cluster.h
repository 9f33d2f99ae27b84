#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/controller_process.h"
#include "tests/sim/laws.h"
#include "tests/sim/model_browser.h"

namespace parley::sim {

class Cluster;

// What may be different about a peer. What is not said is drawn from its number, so that every
// room has some of each.
struct PeerOptions {
    bool numbered = true;
    bool publishes = true;
    std::optional<bool> v6 = {};
    std::optional<dtls::Role> role = {};
    std::optional<ControllingAgent::Nomination> nomination = {};
    std::optional<uint32_t> ssrc = {};
    uint32_t slots = 0;
    uint8_t softer = 0;
};

// One participant, as a scenario speaks of them. Copies mean the same one; the cluster owns them.
class Peer {
public:
    Peer(Cluster& cluster, ModelBrowser& browser) : cluster_(&cluster), browser_(&browser) {}

    const std::string& name() const { return browser_->options().peer; }
    Conditions& uplink() { return browser_->line().up.conditions; }
    Conditions& downlink() { return browser_->line().down.conditions; }

    void speak(base::Duration how_long);
    void mute() { browser_->set_muted(true); }
    void unmute() { browser_->set_muted(false); }
    void leave() { browser_->leave(); }
    void vanish() { browser_->vanish(); }
    void pause_hearing(const Peer& other) { browser_->set_consumer_paused(other.name(), true); }
    void resume_hearing(const Peer& other) { browser_->set_consumer_paused(other.name(), false); }
    void roam() { browser_->move(true); }     // to a network it knows of
    void rebind() { browser_->move(false); }  // by a NAT that says nothing
    void restart_ice() { browser_->restart_ice(); }
    // The signalling connection breaks; the server learns of it after `notice`, the peer comes
    // back after `away`.
    void drop_signalling(base::Duration away, base::Duration notice = 50ms) {
        browser_->signalling().drop(away, notice);
    }

    Heard heard(const Peer& other) const;
    uint64_t missing_numbers(const Peer& other) const;
    std::set<std::string> rooms_heard() const;
    bool in_room() const { return browser_->state() == ModelBrowser::State::In; }
    uint16_t close_code() const { return browser_->close_code(); }
    const ModelBrowser& browser() const { return *browser_; }

private:
    Cluster* cluster_;
    ModelBrowser* browser_;
};

class Room {
public:
    Room(Cluster& cluster, std::string name, uint32_t number)
        : cluster_(&cluster), name_(std::move(name)), number_(number) {}

    // Begins to join; the cluster's time must pass for it to happen.
    Peer join(const std::string& name, const PeerOptions& options = {});
    const std::string& name() const { return name_; }
    controller::WorkerIndex worker() const;  // that carries it now

private:
    Cluster* cluster_;
    std::string name_;
    uint32_t number_;
};

struct ClusterOptions {
    uint32_t workers = 2;
    controller::Options controller = {};
    base::Duration orphan_timeout = limits::kOrphaned;
    uint64_t turns_between_looks = 1;  // of the controller: more where it holds much
};

// A machine with a controller and workers, the network around it, and those who talk over it; one
// seed, one thread, virtual time. The laws are looked at after every event, and run() throws
// LawBroken when one does not hold. There may be one at a time.
class Cluster {
public:
    explicit Cluster(uint64_t seed, ClusterOptions options = {});

    Room room(const std::string& name);
    Room room(const std::string& name, const controller::RoomOptions& options);

    // Lets time pass. What it throws ends with the latest lines of the controller's log.
    void run(base::Duration how_long);
    // Lets time pass until everybody who joined is connected and announced to all others of the
    // room. False when that does not happen in time.
    [[nodiscard]] bool settle(base::Duration at_most = 20s);
    // Who is not, and what is missing; "" when nobody.
    std::string unsettled() const;

    void kill_worker(controller::WorkerIndex index) { machine_.kill_worker(index); }
    void kill_controller() { machine_.kill(); }
    void start_controller() { machine_.start(); }

    base::Instant now() const { return world_.now(); }
    uint64_t seed() const { return world_.seed(); }
    uint64_t trace_hash() const { return world_.trace_hash(); }
    World& world() { return world_; }
    Network& network() { return network_; }
    ControllerProcess& machine() { return machine_; }
    People& people() { return people_; }
    const People& people() const { return people_; }
    const Laws& laws() const { return laws_; }
    base::SeededRandom& random() { return random_; }
    // For a browser of one's own, beside those of the rooms.
    Surroundings surroundings();

    // Of the cluster that was made last, for whoever has to say how to repeat a failure.
    static uint64_t latest_seed() { return latest_seed_; }

private:
    friend class Room;

    ModelBrowser& add_browser(const BrowserOptions& options);

    static inline uint64_t latest_seed_ = 0;

    World world_;
    base::SeededRandom random_;
    Network network_;
    People people_;
    Places places_;
    Laws laws_;
    ControllerProcess machine_;
    std::vector<std::unique_ptr<ModelBrowser>> browsers_;
};

}  // namespace parley::sim
