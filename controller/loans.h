#pragma once

#include "controller/house.h"

// Workers of other servers, for rooms that no longer fit this one. A room goes on in one as in one
// of our own; its home, its rules and its signalling stay here, and the lender knows nothing of
// them. Each loan ends when no room of ours has been in it for a while.
namespace parley::controller {

// A client for whom no worker has capacity waits for one of another server. False when there is
// none to hope for.
bool await_loan(Turn& turn, ConnectionId connection, const Admission& admission);
// Whether somebody was asked, and has not yet said yes or no.
bool loan_coming(const House& house);

// A worker of ours carries rooms that go on in lent ones, since before this controller was there:
// those are asked back, each from whom it was.
void recall_loans(Turn& turn, const workers::Snapshot& snapshot);
// It runs, and is ours alone to fill. What it carries is recovered with the rest, or closed if that
// is past.
void on_lent(Turn& turn, WorkerIndex worker, const workers::Heard& heard);
// Nobody lends just now.
void on_loan_refused(Turn& turn, WorkerIndex worker, std::string_view reason);

// A room has left the worker, which may have been the last.
void mind_loan(Turn& turn, WorkerIndex worker);
void on_loan_wait(Turn& turn, WorkerIndex worker);

// The worker of our own that is best lent to another server; nothing when we need them ourselves.
std::optional<WorkerIndex> worker_to_lend(const House& house, Instant now);

}  // namespace parley::controller
