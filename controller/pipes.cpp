#include "controller/pipes.h"

#include <algorithm>

#include "common/base/ensure.h"
#include "controller/crossing.h"
#include "controller/rooms/app_data.h"

namespace parley::controller {

namespace {

using workers::Pending;
using workers::Pipe;
using workers::PipeEnds;
using workers::Purpose;

constexpr base::Duration kIdle = 30s;  // speakers pause; the next one finds the pipe open
constexpr base::Duration kRetry = 1s;  // of one that was refused

void wait(Turn& turn, const PipeEnds& ends, base::Duration time) {
    turn.house.waits.set({Wait::For::Pipe, ends.first, ends.second}, turn.now + time);
}

void ask_both(Turn& turn, const PipeEnds& ends, const workers::Body& body, Pending pending) {
    for (const WorkerIndex worker : {ends.first, ends.second}) {
        auto& link = turn.house.workers[worker];
        if (link.running()) link.ask(body, pending);
    }
}

Pipe& open(Turn& turn, const PipeEnds& ends) {
    Pipe& pipe = turn.house.pipes[ends];
    pipe.id = turn.new_id();
    ask_both(turn, ends, workers::CreatePipe{pipe.id, true, rooms::write_app_data(ends)},
             {.purpose = Purpose::Pipe, .object = pipe.id});
    return pipe;
}

void close(Turn& turn, const PipeEnds& ends) {
    const auto found = turn.house.pipes.find(ends);
    ask_both(turn, ends, workers::ClosePipe{found->second.id}, {});
    turn.house.pipes.erase(found);
    turn.house.waits.erase({Wait::For::Pipe, ends.first, ends.second});
}

std::map<PipeEnds, Pipe>::iterator find(House& house, uint64_t id) {
    return std::find_if(house.pipes.begin(), house.pipes.end(),
                        [&](const auto& entry) { return entry.second.id == id; });
}

void on_refused(Turn& turn, const PipeEnds& ends, Pipe& pipe, const std::string& reason) {
    if (pipe.state == Pipe::State::Refused) return;  // by the other end
    log(turn, Level::Error,
        "no pipe between workers " + std::to_string(ends.first) + " and " +
            std::to_string(ends.second) + ": " + reason);
    end_crossings(turn, ends);
    pipe.state = Pipe::State::Refused;
    pipe.created = {};
    ask_both(turn, ends, workers::ClosePipe{pipe.id}, {});
    wait(turn, ends, kRetry);
}

// Each end is told of the other.
void connect(Turn& turn, const PipeEnds& ends, Pipe& pipe) {
    const auto first = connect_ends(pipe.id, *pipe.created[0], *pipe.created[1]);
    const auto second = connect_ends(pipe.id, *pipe.created[1], *pipe.created[0]);
    if (!first || !second) return on_refused(turn, ends, pipe, "no address in common");
    const Pending pending{.purpose = Purpose::PipeConnect, .object = pipe.id};
    turn.house.workers[ends.first].ask(*first, pending);
    turn.house.workers[ends.second].ask(*second, pending);
    pipe.state = Pipe::State::Open;
    pipe.created = {};
}

}  // namespace

Pipe* take_pipe(Turn& turn, const PipeEnds& ends) {
    const auto found = turn.house.pipes.find(ends);
    Pipe& pipe = found == turn.house.pipes.end() ? open(turn, ends) : found->second;
    if (pipe.state == Pipe::State::Refused) return nullptr;
    if (pipe.streams++ == 0) turn.house.waits.erase({Wait::For::Pipe, ends.first, ends.second});
    return &pipe;
}

void add_pipe(Turn& turn, const PipeEnds& ends, uint64_t id) {
    turn.house.pipes[ends] = {id, Pipe::State::Open, {}, 0};
    wait(turn, ends, kIdle);
}

void release_pipe(Turn& turn, const PipeEnds& ends) {
    if (--turn.house.pipes.at(ends).streams == 0) wait(turn, ends, kIdle);
}

void on_pipe_created(Turn& turn, WorkerIndex worker, const Pending& pending,
                     const workers::Reply& reply) {
    const auto found = find(turn.house, pending.object);
    if (found == turn.house.pipes.end()) return;
    auto& [ends, pipe] = *found;
    if (pipe.state != Pipe::State::Opening) return;
    const auto* created = std::get_if<workers::PipeCreated>(&reply.body);
    if (!created || reply.refusal != workers::Refusal::None) {
        return on_refused(turn, ends, pipe, reply.reason);
    }
    pipe.created[worker == ends.first ? 0 : 1] = *created;
    if (pipe.created[0] && pipe.created[1]) connect(turn, ends, pipe);
}

void on_pipe_connected(Turn& turn, const Pending& pending, const workers::Reply& reply) {
    if (reply.refusal == workers::Refusal::None) return;
    const auto found = find(turn.house, pending.object);
    if (found == turn.house.pipes.end()) return;
    on_refused(turn, found->first, found->second, reply.reason);
}

void forget_pipes(Turn& turn, WorkerIndex lost) {
    std::vector<PipeEnds> gone;
    for (const auto& [ends, pipe] : turn.house.pipes) {
        if (ends.first == lost || ends.second == lost) gone.push_back(ends);
    }
    for (const PipeEnds& ends : gone) close(turn, ends);
}

void on_pipe_wait(Turn& turn, const PipeEnds& ends) {
    const Pipe& pipe = turn.house.pipes.at(ends);
    if (pipe.state != Pipe::State::Refused) return close(turn, ends);
    turn.house.pipes.erase(ends);
    cross_again(turn, ends);
}

}  // namespace parley::controller
