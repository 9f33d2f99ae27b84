#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "controller/cluster/loan_frames.h"
#include "controller/core.h"

namespace parley::controller::clustering {

// --- what it says to our workers, over connections that are not the controller's own

// Answer on_worker_open or on_worker_closed.
struct OpenWorker {
    ConnectionId loan;
    WorkerIndex worker;
};
struct TellWorker {
    ConnectionId loan;
    std::vector<uint8_t> frame;
};
// Nothing to answer.
struct LeaveWorker {
    ConnectionId loan;
};
using LenderOutput = std::variant<OpenWorker, TellWorker, LeaveWorker>;
using LenderOutputs = std::vector<LenderOutput>;

// Lends our workers to other servers: each loan is one more controller on the socket of a worker,
// whose frames are carried as they come. What it makes there is its own, and what it costs shows
// in the worker's statistics, by which we place our own rooms.
class Lender {
public:
    // `key` is what our beats say.
    Lender(std::string server, std::string key)
        : server_(std::move(server)), key_(std::move(key)) {}

    // What one call may touch. What is said to the other server is SendText and CloseConnection.
    struct Around {
        Instant now;
        const Controller& controller;
        bool spare;  // this server is not about to go
        Outputs& out;
        LenderOutputs& workers;
    };

    void on_connect(Instant now, ConnectionId loan, std::string_view remote);
    void on_message(Around& around, ConnectionId loan, std::string_view text);
    void on_disconnect(ConnectionId loan, LenderOutputs& workers);

    void on_worker_open(ConnectionId loan, Outputs& out);
    void on_worker_frame(ConnectionId loan, std::span<const uint8_t> frame, Outputs& out);
    // Also when it never was.
    void on_worker_closed(ConnectionId loan, std::string_view reason, Outputs& out);

    void on_deadline(Instant now, Outputs& out);
    Instant next_deadline() const;

    bool is_loan(ConnectionId connection) const { return loans_.contains(connection); }
    // Whether the other end has shown the key.
    bool is_welcome(ConnectionId loan) const;
    size_t loans() const { return loans_.size(); }

private:
    enum class State : uint8_t {
        New,      // has not said hello
        Opening,  // the worker is being connected to
        Open,
        Closing,  // nothing more is heard
    };
    struct Loan {
        std::string remote;
        Instant until;  // for its hello
        State state = State::New;
        std::string borrower = {};
        WorkerIndex worker = 0;
        uint32_t version = kLinkVersion;
    };
    using Loans = std::map<ConnectionId, Loan>;

    static std::optional<WorkerIndex> worker_for(const Around& around, const LinkHello& hello);
    void on_hello(Around& around, Loans::iterator loan, std::string_view text);
    void close(Loans::iterator loan, uint16_t code, const std::string& why, Outputs& out);

    std::string server_;
    std::string key_;
    Loans loans_;
};

}  // namespace parley::controller::clustering
