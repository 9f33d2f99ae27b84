#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "controller/workers/messages.h"

namespace parley::controller::workers {

// What an answer is for, as data: whoever asked may be gone when it comes.
enum class Purpose : uint8_t {
    Hello,
    Snapshot,
    WorkerStats,
    Nothing,  // nobody waits; a refusal is logged
    Pipe,
    PipeConnect,
    PipeConsume,  // `request` is the consumer
    PipeProduce,  // `request` is the producer that comes out
    Dump,         // `request` is the dump, `owner` this worker
    Router,
    Transport,
    Connect,
    RestartIce,
    Produce,
    Consume,
    Slots,
    TransportStats,
    ProducerStats,
    ConsumerStats,
};

struct Pending {
    Purpose purpose = Purpose::Nothing;
    uint32_t owner = 0;  // a handle's two halves: the peer or room that asked
    uint32_t owner_generation = 0;
    uint64_t object = 0;   // the id that the request is about
    uint64_t request = 0;  // the client's request that is answered then
};

struct Answer {
    Pending pending;
    Reply reply;
};

// What came of a frame, for those above.
struct Heard {
    std::vector<Answer> answers;  // without those that are the link's own affair
    std::vector<Notification> notifications;
    bool started = false;              // it is Running since this frame
    bool measured = false;             // info() has new statistics
    std::optional<Snapshot> snapshot;  // comes with started: what the worker already carries
    std::string lost;                  // not "": the link has given the worker up, and why
};

// One worker as the controller sees it: its start, its death and its next start; requests and
// their answers. All requests of one turn leave in one frame at flush() (in several when they are
// too many for a worker's limits). A worker that another server lends is never started nor killed:
// it is borrowed, and given back.
class WorkerLink {
public:
    explicit WorkerLink(WorkerIndex index);
    // One to borrow, by the controller of this server.
    WorkerLink(WorkerIndex index, std::string borrower);

    void start(Instant now, Outputs& out);  // looks whether the worker already lives

    // --- of one to borrow
    void borrow(Instant now, Outputs& out);  // REQUIRES: idle()
    // The very one that was lent before: what it carries is to be recovered.
    void recall(Instant now, const LentWorker& before, Outputs& out);
    void on_lent(Instant now, LentWorker lent);
    void give_back(Outputs& out);  // REQUIRES: no question is unanswered that matters
    bool idle() const { return state_ == State::Idle; }
    const std::string& lender() const { return loan_.lender; }
    const LentWorker& loan() const { return loan_; }

    void on_connected(Instant now);
    Heard on_frame(Instant now, std::span<const uint8_t> frame, Outputs& out);
    enum class Gone : uint8_t {
        Expected,  // nobody was there to find, or it was killed
        NeverRan,  // its start failed
        Ran,       // and what it carried is lost
    };
    Gone on_gone(Instant now, Outputs& out);

    // Not "": the worker is given up, and why. Otherwise restarts and asks for statistics.
    std::string on_deadline(Instant now, Outputs& out);
    Instant next_deadline() const;

    // REQUIRES: running()
    void ask(Body body, Pending pending = {});
    void flush(Instant now, Outputs& out);

    // Closes all and ends the process; nothing is started again.
    void stop(Instant now, Outputs& out);

    bool running() const { return state_ == State::Running; }
    // Has run, or has failed to, since start(): what it carried before is known.
    bool settled() const { return settled_; }
    // The questions that died with the worker.
    std::vector<Pending> take_unanswered();

    WorkerInfo info() const;
    void ensure_invariants() const;

private:
    enum class State : uint8_t {
        Idle,        // before start() or after stop()
        Connecting,  // looking for one that already lives
        Spawning,
        Greeting,    // Hello is sent
        Recovering,  // GetSnapshot is sent
        Running,
        Dying,    // it was told to be killed; the shell has not said that it is gone
        Waiting,  // for its next start
    };
    struct Waiter {
        uint32_t id;
        Instant until;  // unanswered by then, the worker hangs
        Pending pending;
    };

    static bool may(State from, State to);
    void enter(State to);
    void queue(Body body, Pending pending);
    void wait_for_restart(Instant now);
    std::string give_up(Instant now, std::string why, Outputs& out);
    std::string take(Instant now, const Reply& reply, const Pending& pending, Heard& heard);
    std::string on_hello(Instant now, const HelloReply& reply, Heard& heard);
    void run(Instant now, Heard& heard);

    void end_loan(Outputs& out);

    WorkerIndex index_;
    bool lent_ = false;
    std::string name_;  // what we call ourselves to it
    LentWorker loan_;
    State state_ = State::Idle;
    Instant deadline_ = Instant::never();  // of the state: restart, statistics, patience
    bool settled_ = false;
    uint32_t next_id_ = 1;
    std::vector<Request> queued_;
    std::vector<Pending> queued_pending_;
    std::deque<Waiter> waiters_;
    uint32_t failures_ = 0;  // in a row
    uint32_t restarts_ = 0;
    Instant running_since_;
    bool stats_asked_ = false;
    uint32_t pid_ = 0;
    PipeVersion speaks_;
    WorkerInfo stats_;
};

}  // namespace parley::controller::workers
