#pragma once

#include "controller/house.h"

// How a room is spread over workers: it has a router in each worker that one of its peers is in.
// It begins in one, and takes another when that one has no capacity for one peer more.
namespace parley::controller {

// Gives the peer its place in this worker. REQUIRES: it has none, and the worker runs.
void move_in(Turn& turn, Room& room, Member& member, WorkerIndex worker);
// The peer goes. REQUIRES: it has no transports any more.
void move_out(Turn& turn, Room& room, Member& member);

// Puts a room without a router into the lightest worker, and peers without a place where there is
// one: who is in already is not turned away because all are full. Peers whose transports died with
// the worker before are told so. Does nothing while no worker runs.
void carry(Turn& turn, Room& room);

// Tells the peer which of its transports died with their worker, once: when it has a place again,
// and its client has come back after a crash of the controller. May be the end of the peer.
void tell_lost_transports(Turn& turn, Member& member);

// Ends the router there: in a worker that runs, it is closed.
void close_router(Turn& turn, Room& room, WorkerIndex worker);
// The worker is gone, with the transports of the peers that were in it. The others hear them no
// longer; these are told by carry(). REQUIRES: the room has a router there.
void lose_router(Turn& turn, Room& room, WorkerIndex worker);
// The worker's answer to the router: who was to be in it has no place.
void on_router_answer(Turn& turn, WorkerIndex worker, const workers::Pending& pending,
                      const workers::Reply& reply);

// Closes routers that nobody was in for a while, but not a room's last in a worker of ours.
void on_spare_routers(Turn& turn, base::Handle<Room> room);
// Starts that time where it has to.
void await_spare_routers(Turn& turn, Room& room);

// Has a worker measure levels, or find the dominant speaker, of a router; the observer's id.
uint64_t observe(Turn& turn, workers::WorkerLink& link, uint64_t router,
                 workers::ObserverKind kind);

}  // namespace parley::controller
