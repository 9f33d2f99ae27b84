#include "controller/wiring/loans.h"

#include <utility>

#include "controller/wiring/dialling.h"
#include "controller/wiring/worker_processes.h"

namespace parley::controller {

namespace {

constexpr size_t kQueueBytes = 2 * clustering::kLoanFrameBytes;  // unsent on one loan

template <typename... Ts>
struct Cases : Ts... {
    using Ts::operator()...;
};

}  // namespace

base::Result<std::unique_ptr<Loans>, std::string> Loans::start(Place place,
                                                               const std::string& server,
                                                               const std::string& region) {
    std::unique_ptr<Loans> loans(new Loans(std::move(place), server, region));
    shell::WebClient::Options client{.subprotocol = std::string(clustering::kLoanProtocol)};
    client.limits.message_bytes = clustering::kLoanFrameBytes;
    client.limits.queue_bytes = kQueueBytes;
    auto started =
        shell::WebClient::create(loans->place_.context, std::move(client), loans->client_events());
    if (!started) return base::Err{started.error()};
    loans->client_ = std::move(*started);
    return loans;
}

Loans::Loans(Place place, const std::string& server, const std::string& region)
    : place_(std::move(place)),
      borrower_(server, region),
      lender_(server, place_.broker.presence().link_key()) {}

template <typename Call>
void Loans::run_borrower(Call call) {
    clustering::LinkOutputs links;
    place_.turn([&](base::Instant now, Outputs& out) {
        clustering::Borrower::Around around{now, place_.broker.presence().directory(), place_.core,
                                            out, links};
        call(around);
    });
    controller::deliver(links, *client_);
}

template <typename Call>
void Loans::run_lender(Call call) {
    clustering::LenderOutputs workers;
    place_.turn([&](base::Instant now, Outputs& out) {
        const bool spare = place_.broker.presence().state() == cluster::ServerState::Up;
        clustering::Lender::Around around{now, place_.core, spare, out, workers};
        call(around);
    });
    deliver(workers);
}

void Loans::borrow(const BorrowWorker& wanted) {
    run_borrower([&](auto& around) { borrower_.borrow(around, wanted); });
}

void Loans::on_news() {
    if (borrower_.recalled() == 0) return;
    run_borrower([&](auto& around) { borrower_.on_news(around); });
}

void Loans::give_back(WorkerIndex worker) {
    clustering::LinkOutputs links;
    borrower_.give_back(worker, links);
    controller::deliver(links, *client_);
}

void Loans::send(WorkerIndex worker, base::Bytes frame) {
    clustering::LinkOutputs links;
    borrower_.send(worker, frame, links);
    controller::deliver(links, *client_);
}

shell::WebClient::Events Loans::client_events() {
    return {.on_open =
                [this](uint64_t loan) {
                    clustering::LinkOutputs links;
                    borrower_.on_open(loan, links);
                    controller::deliver(links, *client_);
                },
            .on_message =
                [this](uint64_t loan, std::string_view text) {
                    run_borrower([&](auto& around) { borrower_.on_message(around, loan, text); });
                },
            .on_closed =
                [this](uint64_t loan, const std::string& reason) {
                    run_borrower([&](auto& around) { borrower_.on_closed(around, loan, reason); });
                }};
}

void Loans::deliver(const clustering::LenderOutputs& workers) {
    for (const clustering::LenderOutput& output : workers) {
        std::visit(Cases{[&](const clustering::OpenWorker& m) { open(m.loan, m.worker); },
                         [&](const clustering::TellWorker& m) {
                             const auto found = lent_.find(m.loan);
                             if (found != lent_.end()) found->second->send(m.frame);
                         },
                         [&](const clustering::LeaveWorker& m) { lent_.erase(m.loan); }},
                   output);
    }
}

void Loans::open(ConnectionId loan, WorkerIndex worker) {
    auto pipe = shell::PipeConnection::connect(
        place_.loop, WorkerProcesses::socket_path(place_.run_directory, worker),
        {[this, loan](base::Bytes frame) {
             run_lender([&](auto& around) { lender_.on_worker_frame(loan, frame, around.out); });
         },
         [this, loan](std::string_view reason) { say_closed(loan, std::string(reason)); }});
    if (!pipe) return say_closed(loan, pipe.error());
    lent_.emplace(loan, std::move(*pipe));
    run_lender([&](auto& around) { lender_.on_worker_open(loan, around.out); });
}

void Loans::say_closed(ConnectionId loan, const std::string& reason) {
    lent_.erase(loan);
    run_lender([&](auto& around) { lender_.on_worker_closed(loan, reason, around.out); });
}

void Loans::on_connect(ConnectionId loan, std::string_view remote) {
    lender_.on_connect(place_.loop.now(), loan, remote);
}

void Loans::on_message(ConnectionId loan, std::string_view text) {
    const bool was_welcome = lender_.is_welcome(loan);
    run_lender([&](auto& around) { lender_.on_message(around, loan, text); });
    if (was_welcome || !lender_.is_welcome(loan)) return;
    place_.web.widen(loan, clustering::kLoanFrameBytes, kQueueBytes);
}

void Loans::on_disconnect(ConnectionId loan) {
    run_lender([&](auto& around) { lender_.on_disconnect(loan, around.workers); });
}

void Loans::on_deadline() {
    if (lender_.next_deadline() > place_.loop.now()) return;
    run_lender([&](auto& around) { lender_.on_deadline(around.now, around.out); });
}

}  // namespace parley::controller
