#include "controller/placement.h"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace parley::controller {

namespace {

constexpr double kOverflowShare = 2.0 / 3;  // of the head-room that a worker keeps

// What is certain of a room before anything of it was measured: that it is there, and its peers.
// So rooms which are still empty are spread too.
double least_load(const rooms::Router& router) {
    return 1e-5 * static_cast<double>(1 + router.peers);
}

// How busy each worker is.
std::vector<double> loads(const House& house, Instant now) {
    std::vector<double> load(house.workers.size());
    for (const auto& [id, handle] : house.room_by_id) {
        for (const rooms::Router& router : house.rooms.find(handle)->routers) {
            load[router.worker] += least_load(router);
        }
    }
    for (WorkerIndex i = 0; i < load.size(); ++i) {
        load[i] = std::max(load[i], house.gauges[i].load(now));
    }
    return load;
}

// Voices and ears of a room, by the workers that they are in. Whether the next peer will hear in
// slots it says only when it joins: while all who listen do, it is taken for one of them.
struct Crowd {
    std::vector<uint32_t> voices, ears;
    uint32_t all_voices = 0;
    uint32_t slots = 0;                 // the most that a listener has
    bool classic = false;               // somebody hears each voice in a stream of its own
    uint32_t may_speak = 0, speak = 0;  // peers

    Crowd(const House& house, const Room& room)
        : voices(house.workers.size()), ears(house.workers.size()) {
        for (const auto& [id, handle] : room.peers) {
            const Member& member = *house.members.find(handle);
            if (!member.worker) continue;
            voices[*member.worker] += static_cast<uint32_t>(member.producers.size());
            ears[*member.worker] += member.can_hear();
            all_voices += static_cast<uint32_t>(member.producers.size());
            slots = std::max(slots, member.slots);
            classic = classic || (member.can_hear() && member.slots == 0);
            may_speak += member.rights.publish;
            speak += !member.producers.empty();
        }
    }

    // Of so many voices those that are forwarded to one listener, or to another worker.
    uint32_t heard(uint32_t among) const {
        return classic || slots == 0 ? among : std::min(among, slots);
    }
    // One voice more adds to what is forwarded of so many, or takes another's place.
    bool adds(uint32_t among) const { return heard(among + 1) > heard(among); }

    // How likely the next peer has a microphone open, by those who are here: all have one in a
    // meeting, few in front of a stage.
    double likely_voice(const Rights& rights) const {
        return rights.publish ? std::min(1.0, (1.0 + speak) / (1.0 + may_speak)) : 0;
    }

    // The streams that a peer brings to the worker `there` by its place in `own`: its voice and
    // whom it hears, all who hear it, and what crosses between the two for its sake.
    capacity::PeerStreams streams(const Rights& rights, WorkerIndex own, WorkerIndex there) const {
        const bool first_ear = rights.subscribe && ears[own] == 0;
        const double voice = likely_voice(rights);
        const double more = adds(all_voices) ? voice : 0;      // for who listens
        const double crosses = adds(voices[own]) ? voice : 0;  // to who listens elsewhere
        if (there != own) {
            return {.transports = 0,
                    .producers = ears[there] > 0 ? crosses : 0,
                    .consumers = more * ears[there] + (first_ear ? heard(voices[there]) : 0)};
        }
        uint32_t away = 0, brought = 0;
        for (WorkerIndex i = 0; i < ears.size(); ++i) {
            if (i == own) continue;
            away += ears[i] > 0;
            brought += heard(voices[i]);
        }
        return {.producers = voice + (first_ear ? brought : 0),
                .consumers =
                    (rights.subscribe ? heard(all_voices) : 0) + more * ears[own] + crosses * away};
    }
};

double load_of_peer(const House& house, const Crowd& crowd, const Rights& rights, WorkerIndex own,
                    WorkerIndex there) {
    return capacity::cost_of_peer(house.costs.costs(), house.gauges[there].packets_per_stream(),
                                  crowd.streams(rights, own, there));
}

bool fits(const House& house, Instant now, const Room& room, const Crowd& crowd,
          const Rights& rights, WorkerIndex own) {
    const double most = house.options.worker_load_most;
    // A full worker has to take the voices of those who overflow from it: out of its head-room.
    const double most_elsewhere = most + (1 - most) * kOverflowShare;
    const auto has_capacity = [&](WorkerIndex there) {
        const double more = load_of_peer(house, crowd, rights, own, there);
        const double limit = there == own ? most : most_elsewhere;
        return more == 0 || house.gauges[there].load(now) + more <= limit;
    };
    return has_capacity(own) &&
           std::all_of(room.routers.begin(), room.routers.end(),
                       [&](const rooms::Router& router) { return has_capacity(router.worker); });
}

}  // namespace

std::optional<WorkerIndex> lightest_worker(const House& house, Instant now) {
    const std::vector<double> load = loads(house, now);
    std::optional<WorkerIndex> best;
    for (WorkerIndex i = 0; i < house.options.workers; ++i) {
        if (house.workers[i].running() && (!best || load[i] < load[*best])) best = i;
    }
    return best;
}

std::optional<WorkerIndex> place_for(const House& house, Instant now, const Room& room,
                                     const Rights& rights) {
    const Crowd crowd(house, room);
    const auto carrying = [&](bool lent) -> std::optional<WorkerIndex> {
        for (const rooms::Router& router : room.routers) {
            if (house.is_lent(router.worker) != lent) continue;
            if (fits(house, now, room, crowd, rights, router.worker)) return router.worker;
        }
        return std::nullopt;
    };
    if (const auto own = carrying(false)) return own;
    const std::vector<double> load = loads(house, now);  // looks at every room
    const auto lightest_other = [&](bool lent) {
        std::optional<WorkerIndex> best;
        for (WorkerIndex i = 0; i < load.size(); ++i) {
            if (house.is_lent(i) != lent || room.router_in(i)) continue;
            if (!house.workers[i].running() || (best && load[i] >= load[*best])) continue;
            if (fits(house, now, room, crowd, rights, i)) best = i;
        }
        return best;
    };
    if (const auto own = lightest_other(false)) return own;
    const auto lent = carrying(true);
    return lent ? lent : lightest_other(true);
}

void promise_capacity(Turn& turn, const Room& room, const Rights& rights, WorkerIndex worker) {
    House& house = turn.house;
    const Crowd crowd(house, room);
    const auto promise = [&](WorkerIndex there) {
        const double load = load_of_peer(house, crowd, rights, worker, there);
        if (load > 0) house.gauges[there].promise(turn.now, load);
    };
    promise(worker);
    for (const rooms::Router& router : room.routers) {
        if (router.worker != worker) promise(router.worker);
    }
}

std::string reasons_for(const House& house, Instant now, const Room& room, WorkerIndex worker) {
    const auto named = [&](WorkerIndex i) {
        char text[48];
        std::snprintf(text, sizeof text, "%u (%.0f%%)", i, 100 * house.gauges[i].load(now));
        return std::string(text);
    };
    std::string others, before;
    for (WorkerIndex i = 0; i < house.options.workers; ++i) {
        if (i == worker || !house.workers[i].running()) continue;
        std::string& list = room.router_in(i) ? before : others;
        list += (list.empty() ? "" : ", ") + named(i);
    }
    char most[32];
    std::snprintf(most, sizeof most, "%.0f%%", 100 * house.options.worker_load_most);
    std::string why;
    if (!before.empty()) {
        why = "no capacity for one more peer in worker " + before + ", of at most " + most + "; ";
    }
    if (house.is_lent(worker)) return why + "no worker here had any, and this one is lent";
    why += "worker " + named(worker) + " was the lightest";
    return why + (others.empty() ? " that was left" : ", before " + others);
}

Capacity capacity_of(const House& house, Instant now) {
    Capacity capacity;
    for (WorkerIndex i = 0; i < house.options.workers; ++i) {
        if (!house.workers[i].running()) continue;
        capacity.most += house.options.worker_load_most;
        capacity.used += house.gauges[i].load(now);
    }
    // While there is nobody to learn from: somebody who talks to two others.
    const double least = capacity::cost_of_peer(house.costs.costs(), 25, {.consumers = 4});
    const auto peers = static_cast<double>(house.members.size());
    capacity.per_peer = std::max(least, peers > 0 ? capacity.used / peers : 0);
    return capacity;
}

}  // namespace parley::controller
