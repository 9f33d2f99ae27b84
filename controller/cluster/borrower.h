#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "controller/cluster/directory.h"
#include "controller/cluster/forwarder.h"
#include "controller/cluster/loan_frames.h"
#include "controller/core.h"

namespace parley::controller::clustering {

// Finds the servers that lend the workers which our controller wants, and carries what the two say
// to each other. Who has the most to spare is asked first, those of our region before all others;
// the lender has the last word, and then the next one is asked.
class Borrower {
public:
    Borrower(std::string server, std::string region)
        : server_(std::move(server)), region_(std::move(region)) {}

    // What one call may touch.
    struct Around {
        Instant now;
        const Directory& directory;
        Controller& controller;
        Outputs& out;
        LinkOutputs& links;
    };

    void borrow(Around& around, const BorrowWorker& wanted);
    // There may be beats of servers that were not known before.
    void on_news(Around& around);
    void give_back(WorkerIndex worker, LinkOutputs& links);
    void send(WorkerIndex worker, std::span<const uint8_t> frame, LinkOutputs& links);
    // Whether this one is, or is to be, lent to us.
    bool has(WorkerIndex worker) const;

    void on_open(LinkId loan, LinkOutputs& links);
    void on_message(Around& around, LinkId loan, std::string_view text);
    // Also when it never came to be.
    void on_closed(Around& around, LinkId loan, std::string_view reason);

    size_t loans() const { return loans_.size(); }
    size_t recalled() const { return recalled_.size(); }

private:
    struct Loan {
        WorkerIndex worker;
        LinkAddress lender;
        bool welcome = false;
        std::set<std::string> refused;  // servers that have none to spare, or do not answer
        std::optional<WorkerIndex> theirs = {};  // wanted, and no other
    };
    using Loans = std::map<LinkId, Loan>;

    const LinkAddress* next_lender(const Directory& directory,
                                   const std::set<std::string>& refused) const;
    void ask_next(Around& around, WorkerIndex worker, std::set<std::string> refused,
                  const std::string& why);
    void fail(Around& around, Loans::iterator loan, const std::string& why);

    std::string server_;
    std::string region_;
    LinkId last_ = 0;
    std::map<WorkerIndex, LentWorker> recalled_;  // of servers that have not been heard of yet
    Loans loans_;
};

}  // namespace parley::controller::clustering
