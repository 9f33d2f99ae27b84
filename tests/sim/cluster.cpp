#include "tests/sim/cluster.h"

#include <algorithm>
#include <map>
#include <utility>

namespace parley::sim {

namespace {

constexpr size_t kLogLinesShown = 15;

controller::Options with_workers(const ClusterOptions& options) {
    controller::Options core = options.controller;
    core.workers = options.workers;
    return core;
}

}  // namespace

Cluster::Cluster(uint64_t seed, ClusterOptions options)
    : world_(seed),
      random_(world_.fork_random()),
      network_(world_),
      laws_(world_, places_),
      machine_(world_, network_,
               {with_workers(options), options.orphan_timeout, options.turns_between_looks},
               [this](const WorkerProcess& worker) { laws_.on_worker_turn(worker); }) {
    latest_seed_ = seed;
    network_.tap(laws_);
    machine_.start();
    run(500ms);
}

Room Cluster::room(const std::string& name) {
    return {*this, name, people_.add_room(name)};
}

Room Cluster::room(const std::string& name, const controller::RoomOptions& options) {
    const auto made = machine_.ask([&](auto& core, base::Instant at, auto& out) {
        return core.create_room(at, name, options, out);
    });
    if (!made) world_.broken("a room was refused: " + made.error().reason);
    return room(name);
}

Surroundings Cluster::surroundings() {
    return {world_,
            network_,
            machine_.switchboard(),
            people_,
            places_,
            [this](const std::string& law) { world_.broken(law); },
            [this](const dtls::SrtpKeys& keys) { laws_.on_keys(keys); }};
}

ModelBrowser& Cluster::add_browser(const BrowserOptions& options) {
    browsers_.push_back(std::make_unique<ModelBrowser>(surroundings(), options));
    return *browsers_.back();
}

void Cluster::run(base::Duration how_long) {
    try {
        world_.run_until(world_.now() + how_long);
    } catch (const LawBroken& law) {
        std::string said = law.what();
        const auto& log = machine_.log();
        const size_t first = log.size() - std::min(log.size(), kLogLinesShown);
        for (size_t i = first; i < log.size(); ++i) said += "\n    " + log[i];
        throw LawBroken(said);
    }
}

bool Cluster::settle(base::Duration at_most) {
    const base::Instant end = world_.now() + at_most;
    while (world_.now() < end) {
        run(50ms);
        if (unsettled().empty()) return true;
    }
    return false;
}

std::string Cluster::unsettled() const {
    using State = ModelBrowser::State;
    std::map<uint32_t, size_t> speakers;
    for (const auto& browser : browsers_) {
        const bool speaks = browser->state() == State::In && browser->options().publishes;
        speakers[browser->options().room_number] += speaks;
    }
    std::string who;
    for (const auto& browser : browsers_) {
        const BrowserOptions& options = browser->options();
        const size_t others = speakers[options.room_number] - (options.publishes ? 1 : 0);
        const size_t due = options.slots > 0 ? options.slots : others;
        const bool in = browser->state() == State::In;
        if (browser->settled() && (!in || browser->streams() == due)) continue;
        who += options.peer + " of " + options.room + " (" + browser->what_is_missing() + ", " +
               std::to_string(browser->streams()) + " streams of " + std::to_string(due) + ") ";
    }
    return who;
}

Peer Room::join(const std::string& name, const PeerOptions& options) {
    using Nomination = ControllingAgent::Nomination;
    const size_t nth = cluster_->browsers_.size();
    BrowserOptions browser;
    browser.room = name_;
    browser.room_number = number_;
    browser.peer = name;
    browser.numbered = options.numbered;
    browser.publishes = options.publishes;
    browser.v6 = options.v6.value_or(nth % 3 == 2);
    browser.role = options.role.value_or(nth % 5 == 4 ? dtls::Role::Server : dtls::Role::Client);
    constexpr Nomination kNominations[] = {Nomination::Regular, Nomination::Aggressive,
                                           Nomination::Regular, Nomination::Once};
    browser.nomination = options.nomination.value_or(kNominations[nth % 4]);
    browser.ssrc = options.ssrc;
    browser.slots = options.slots;
    browser.softer = options.softer;
    ModelBrowser& added = cluster_->add_browser(browser);
    added.join();
    return {*cluster_, added};
}

controller::WorkerIndex Room::worker() const {
    const auto info = cluster_->machine().core().room(name_);
    ENSURE(info);
    return info->workers.at(0);
}

void Peer::speak(base::Duration how_long) {
    browser_->mouth().speak(cluster_->now(), how_long);
    browser_->wake();
}

Heard Peer::heard(const Peer& other) const {
    const uint32_t speaker = other.browser_->number();
    return Heard(other.browser_->sender().mouth().said(), browser_->receiver().arrivals(speaker),
                 cluster_->now());
}

uint64_t Peer::missing_numbers(const Peer& other) const {
    return browser_->receiver().missing_numbers(other.browser_->number());
}

std::set<std::string> Peer::rooms_heard() const {
    std::set<std::string> names;
    for (const uint32_t room : browser_->receiver().rooms()) {
        names.insert(cluster_->people().room(room));
    }
    return names;
}

}  // namespace parley::sim
