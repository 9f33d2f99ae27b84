#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "common/shell/loop.h"
#include "common/shell/pipe_connection.h"
#include "common/shell/web_client.h"
#include "common/shell/web_server.h"
#include "controller/api/metrics.h"
#include "controller/cluster/borrower.h"
#include "controller/cluster/lender.h"
#include "controller/core.h"
#include "controller/wiring/broker.h"

namespace parley::controller {

// Workers that change hands: those of other servers that our rooms go on in, and ours that others
// use. Decides nothing.
class Loans {
public:
    struct Place {
        shell::Loop& loop;  // all are borrowed
        shell::WebContext& context;
        shell::WebServer& web;
        Controller& core;
        Broker& broker;
        Broker::Turn turn;
        std::string run_directory;
    };
    static base::Result<std::unique_ptr<Loans>, std::string> start(Place place,
                                                                   const std::string& server,
                                                                   const std::string& region);

    // --- of others, for us
    void borrow(const BorrowWorker& wanted);
    void on_news();
    void give_back(WorkerIndex worker);
    void send(WorkerIndex worker, base::Bytes frame);

    // --- ours, for others
    void on_connect(ConnectionId loan, std::string_view remote);
    bool is_loan(ConnectionId connection) const { return lender_.is_loan(connection); }
    void on_message(ConnectionId loan, std::string_view text);
    void on_disconnect(ConnectionId loan);

    void count(api::ClusterCounts& counts) const {
        counts.loans_borrowed = borrower_.loans();
        counts.loans_lent = lender_.loans();
    }

    void on_deadline();
    base::Instant next_deadline() const { return lender_.next_deadline(); }

private:
    Loans(Place place, const std::string& server, const std::string& region);

    template <typename Call>
    void run_borrower(Call call);
    template <typename Call>
    void run_lender(Call call);
    shell::WebClient::Events client_events();
    void deliver(const clustering::LenderOutputs& workers);
    void open(ConnectionId loan, WorkerIndex worker);
    void say_closed(ConnectionId loan, const std::string& reason);

    Place place_;
    clustering::Borrower borrower_;
    clustering::Lender lender_;
    std::unique_ptr<shell::WebClient> client_;
    std::map<ConnectionId, std::unique_ptr<shell::PipeConnection>> lent_;
};

}  // namespace parley::controller
