#include "controller/crossing.h"

#include <algorithm>
#include <vector>

#include "controller/hearing.h"
#include "controller/pipe_rules.h"
#include "controller/pipes.h"
#include "controller/rooms/app_data.h"

namespace parley::controller {

namespace {

using rooms::Crossing;
using workers::Pending;
using workers::PipeEnds;
using workers::Purpose;

PipeEnds ends_of(WorkerIndex one, WorkerIndex other) {
    return std::minmax(one, other);
}

// What a worker's answer is about, if it is still there.
struct Asked {
    Room* room = nullptr;
    Member* speaker = nullptr;
    Producer* producer = nullptr;
    WorkerIndex to = 0;
    Crossing* crossing = nullptr;
};

Asked asked(Turn& turn, const Pending& pending) {
    Asked about;
    about.speaker = turn.house.members.find({pending.owner, pending.owner_generation});
    if (!about.speaker) return about;
    about.room = turn.house.rooms.find(about.speaker->room);
    const auto producer = about.speaker->producers.find(pending.object);
    if (producer == about.speaker->producers.end()) return about;
    about.producer = &producer->second;
    for (auto& [to, crossing] : producer->second.crossings) {
        const bool leaves = pending.purpose == Purpose::PipeConsume;
        if ((leaves ? crossing.consumer : crossing.producer) != pending.request) continue;
        about.to = to;
        about.crossing = &crossing;
    }
    return about;
}

// Undoes what was asked for at both ends, where these are still there.
void close(Turn& turn, Room& room, const Member& speaker, WorkerIndex to,
           const Crossing& crossing) {
    if (crossing.arrived) {
        auto* there = turn.house.link(room, to);
        if (there) there->ask(workers::CloseProducer{crossing.producer});
        turn.house.crossed.erase(crossing.producer);
    }
    auto* here = turn.house.link(room, *speaker.worker);
    if (here) here->ask(workers::CloseConsumer{crossing.consumer});
    one_less_leaves(turn, room, *speaker.worker, to);
    release_pipe(turn, ends_of(*speaker.worker, to));
}

void settle_pause(Turn& turn, const Member& speaker, Crossing& crossing) {
    const bool paused = crossing.asleep == crossing.ears;
    if (std::exchange(crossing.paused, paused) == paused || crossing.ears == 0) return;
    turn.house.link(speaker)->ask(workers::PauseConsumer{crossing.consumer, paused});
}

void on_refused(Turn& turn, const Asked& about, const workers::Reply& reply) {
    log(turn, Level::Warning, "a voice cannot cross: " + reply.reason, *about.room, *about.speaker);
    stop_hearing(turn, *about.room, about.producer->id, about.to);
}

Pending answer_to(Purpose purpose, const Member& speaker, const Producer& producer, uint64_t id) {
    return {purpose, speaker.self.index, speaker.self.generation, producer.id, id};
}

// Members of the room that are in either of two workers, both of which carry it.
std::vector<Member*> members_at(Turn& turn, const Room& room, const PipeEnds& ends) {
    std::vector<Member*> members;
    if (!room.router_in(ends.first) || !room.router_in(ends.second)) return members;
    for (const auto& [id, handle] : room.peers) {
        Member* member = turn.house.members.find(handle);
        if (member->worker == ends.first || member->worker == ends.second) {
            members.push_back(member);
        }
    }
    return members;
}

}  // namespace

bool cross(Turn& turn, Room& room, Member& speaker, Producer& producer, WorkerIndex to) {
    const auto known = producer.crossings.find(to);
    if (known != producer.crossings.end()) {
        ++known->second.ears;
        settle_pause(turn, speaker, known->second);
        await_pipe_rules(turn, room);
        return true;
    }
    workers::Pipe* pipe = take_pipe(turn, ends_of(*speaker.worker, to));
    if (!pipe) return false;
    Crossing crossing;
    crossing.consumer = turn.new_id();
    crossing.producer = turn.new_id();
    crossing.ears = 1;
    turn.house.link(speaker)->ask(
        workers::PipeConsume{room.router_in(*speaker.worker)->id, pipe->id, crossing.consumer,
                             producer.id, false, rooms::write_app_data(crossing)},
        answer_to(Purpose::PipeConsume, speaker, producer, crossing.consumer));
    producer.crossings.emplace(to, crossing);
    one_leaves(turn, room, *speaker.worker, to);
    return true;
}

void release_ear(Turn& turn, Room& room, Member& speaker, Producer& producer, WorkerIndex to) {
    const auto found = producer.crossings.find(to);
    if (--found->second.ears > 0) {
        settle_pause(turn, speaker, found->second);
        return await_pipe_rules(turn, room);
    }
    close(turn, room, speaker, to, found->second);
    producer.crossings.erase(found);
}

void pause_ear(Turn& turn, Member& speaker, Producer& producer, WorkerIndex to, bool paused) {
    const auto found = producer.crossings.find(to);
    if (found == producer.crossings.end()) return;
    found->second.asleep += paused ? 1 : -1;
    settle_pause(turn, speaker, found->second);
}

void close_crossings(Turn& turn, Room& room, Member& speaker, Producer& producer) {
    for (const auto& [to, crossing] : producer.crossings) close(turn, room, speaker, to, crossing);
    producer.crossings.clear();
}

void close_unheard(Turn& turn, Room& room, Member& speaker) {
    for (auto& [number, producer] : speaker.producers) {
        std::erase_if(producer.crossings, [&](const auto& entry) {
            const auto& [to, crossing] = entry;
            if (crossing.ears == 0) close(turn, room, speaker, to, crossing);
            return crossing.ears == 0;
        });
    }
}

void pause_crossings(Turn& turn, Room& room, const Producer& producer, bool paused) {
    for (const auto& [to, crossing] : producer.crossings) {
        auto* there = crossing.arrived ? turn.house.link(room, to) : nullptr;
        if (there) there->ask(workers::PauseProducer{crossing.producer, paused});
    }
}

void on_left(Turn& turn, const Pending& pending, const workers::Reply& reply) {
    const Asked about = asked(turn, pending);
    if (!about.crossing) return;
    const auto* left = std::get_if<workers::PipeConsumed>(&reply.body);
    if (!left || reply.refusal != workers::Refusal::None) return on_refused(turn, about, reply);
    const auto& [room, speaker, producer, to, crossing] = about;
    crossing->arrived = true;
    turn.house.crossed.insert(crossing->producer, producer->id);
    const auto& pipe = turn.house.pipes.at(ends_of(*speaker->worker, to));
    turn.house.link(*room, to)->ask(
        workers::PipeProduce{room->router_in(to)->id, pipe.id, crossing->producer, left->ssrc,
                             left->rtx_ssrc, producer->payload_type, producer->clock_rate,
                             speaker->csrc, speaker->paused(*producer),
                             rooms::write_app_data(*crossing)},
        answer_to(Purpose::PipeProduce, *speaker, *producer, crossing->producer));
    consume_arrived(turn, *room, *producer, to);
}

void on_arrived(Turn& turn, const Pending& pending, const workers::Reply& reply) {
    const Asked about = asked(turn, pending);
    if (about.crossing && reply.refusal != workers::Refusal::None) on_refused(turn, about, reply);
}

void end_crossings(Turn& turn, const PipeEnds& ends) {
    for (const auto& [id, handle] : turn.house.room_by_id) {
        Room& room = *turn.house.rooms.find(handle);
        for (Member* speaker : members_at(turn, room, ends)) {
            const WorkerIndex to = speaker->worker == ends.first ? ends.second : ends.first;
            for (const auto& [number, producer] : speaker->producers) {
                if (producer.crossings.contains(to)) stop_hearing(turn, room, number, to);
            }
        }
    }
}

void cross_again(Turn& turn, const PipeEnds& ends) {
    for (const auto& [id, handle] : turn.house.room_by_id) {
        Room& room = *turn.house.rooms.find(handle);
        for (Member* listener : members_at(turn, room, ends)) hear_all(turn, room, *listener);
    }
}

}  // namespace parley::controller
