#include "controller/recovered_crossings.h"

#include <algorithm>
#include <map>
#include <set>

#include "controller/pipe_rules.h"
#include "controller/pipes.h"
#include "controller/rooms/app_data.h"

namespace parley::controller {

namespace {

using workers::Pipe;
using workers::PipeEnds;

// A voice that goes into a pipe.
struct Outgoing {
    WorkerIndex worker;
    const workers::PipeConsumerSnapshot* snapshot;
};
using AllLeaving = std::map<uint64_t, Outgoing>;  // by the consumer

bool is_kept(const House& house, WorkerIndex worker, uint64_t pipe) {
    return std::any_of(house.pipes.begin(), house.pipes.end(), [&](const auto& entry) {
        const auto& [ends, kept] = entry;
        return kept.id == pipe && (ends.first == worker || ends.second == worker);
    });
}

// Takes over what comes out of a pipe in this worker. False when it leads nowhere.
bool recover(Turn& turn, WorkerIndex to, const workers::RouterSnapshot& router,
             const workers::PipeProducerSnapshot& arrived, AllLeaving& all) {
    House& house = turn.house;
    auto crossing = rooms::parse_crossing(arrived.app_data);
    if (!crossing || crossing->producer != arrived.producer) return false;
    const auto found = all.find(crossing->consumer);
    if (found == all.end()) return false;
    const auto& [from, leaving] = found->second;
    const auto* owner = house.producers.find(leaving->producer);
    Member* speaker = owner ? house.members.find(*owner) : nullptr;
    if (!speaker || speaker->worker != from || from == to) return false;
    Room& room = *house.rooms.find(speaker->room);
    const rooms::Router* there = room.router_in(to);
    const PipeEnds ends = std::minmax(WorkerIndex{from}, to);
    const auto pipe = house.pipes.find(ends);
    Producer& producer = speaker->producers.at(leaving->producer);
    const bool fits = there && there->id == router.router && pipe != house.pipes.end() &&
                      pipe->second.id == leaving->pipe && leaving->pipe == arrived.pipe &&
                      leaving->ssrc == arrived.ssrc && !producer.crossings.contains(to) &&
                      !house.crossed.contains(arrived.producer);
    if (!fits) return false;
    crossing->arrived = true;
    producer.crossings.emplace(to, *crossing);
    house.crossed.insert(arrived.producer, producer.id);
    take_pipe(turn, ends);
    one_left_before(turn, room, from, to);
    const bool paused = speaker->paused(producer);
    if (arrived.paused != paused) {
        house.workers[to].ask(workers::PauseProducer{arrived.producer, paused});
    }
    // Who had paused it is not known.
    if (leaving->paused) {
        house.workers[from].ask(workers::PauseConsumer{leaving->consumer, false});
    }
    all.erase(found);
    return true;
}

}  // namespace

void recover_pipes(Turn& turn, std::span<const Found> found) {
    std::map<PipeEnds, std::map<uint64_t, std::set<WorkerIndex>>> seen;
    for (const Found& was : found) {
        for (const workers::PipeSnapshot& pipe : was.snapshot.pipes) {
            const auto ends = rooms::parse_pipe(pipe.app_data);
            const bool connected = pipe.state != workers::PipeState::New;
            if (was.lost || !ends || !connected) continue;
            if (ends->first == was.worker || ends->second == was.worker) {
                seen[*ends][pipe.pipe].insert(was.worker);
            }
        }
    }
    for (const auto& [ends, pipes] : seen) {
        for (const auto& [id, workers] : pipes) {
            if (workers.size() < 2 || turn.house.pipes.contains(ends)) continue;
            add_pipe(turn, ends, id);
        }
    }
    for (const Found& was : found) {
        for (const workers::PipeSnapshot& pipe : was.snapshot.pipes) {
            if (was.lost || is_kept(turn.house, was.worker, pipe.pipe)) continue;
            turn.house.workers[was.worker].ask(workers::ClosePipe{pipe.pipe});
        }
    }
}

void recover_crossings(Turn& turn, std::span<const Found> found) {
    AllLeaving all;
    for (const Found& was : found) {
        if (was.lost) continue;
        for (const auto& router : was.snapshot.routers) {
            for (const auto& leaving : router.pipe_consumers) {
                all.emplace(leaving.consumer, Outgoing{was.worker, &leaving});
            }
        }
    }
    for (const Found& was : found) {
        if (was.lost) continue;
        for (const auto& router : was.snapshot.routers) {
            for (const auto& arrived : router.pipe_producers) {
                if (recover(turn, was.worker, router, arrived, all)) continue;
                if (!is_kept(turn.house, was.worker, arrived.pipe)) continue;  // closed with it
                turn.house.workers[was.worker].ask(workers::CloseProducer{arrived.producer});
            }
        }
    }
    for (const auto& [consumer, leaving] : all) {
        if (!is_kept(turn.house, leaving.worker, leaving.snapshot->pipe)) continue;
        turn.house.workers[leaving.worker].ask(workers::CloseConsumer{consumer});
    }
}

}  // namespace parley::controller
