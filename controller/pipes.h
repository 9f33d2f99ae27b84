#pragma once

#include "controller/house.h"

// The pipes between the workers of this machine: one for each two that have streams for each other,
// opened with the first stream, and closed when it has carried none for a while.
namespace parley::controller {

// For one stream more, which may be put into it at once. nullptr while the pipe is refused.
// REQUIRES: both workers run.
workers::Pipe* take_pipe(Turn& turn, const workers::PipeEnds& ends);
// One that its workers are connected by since before this controller was there. It carries nothing
// until it is taken.
void add_pipe(Turn& turn, const workers::PipeEnds& ends, uint64_t id);
// One stream less.
void release_pipe(Turn& turn, const workers::PipeEnds& ends);

// A worker's answers to what opens a pipe.
void on_pipe_created(Turn& turn, WorkerIndex worker, const workers::Pending& pending,
                     const workers::Reply& reply);
void on_pipe_connected(Turn& turn, const workers::Pending& pending, const workers::Reply& reply);

// A worker is gone, or about to go, and no stream crosses to or from it any more.
void forget_pipes(Turn& turn, WorkerIndex lost);

// The pipe has been idle, or refused, for as long as it may.
void on_pipe_wait(Turn& turn, const workers::PipeEnds& ends);

}  // namespace parley::controller
