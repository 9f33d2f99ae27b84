#include "controller/cluster/lender.h"

#include <algorithm>

#include "common/cluster/base64.h"
#include "controller/cluster/link_key.h"

namespace parley::controller::clustering {

namespace {

constexpr base::Duration kHelloTime = 3s;

}  // namespace

void Lender::on_connect(Instant now, ConnectionId loan, std::string_view remote) {
    loans_.emplace(loan, Loan{.remote = std::string(remote), .until = now + kHelloTime});
}

bool Lender::is_welcome(ConnectionId loan) const {
    const auto found = loans_.find(loan);
    return found != loans_.end() && !found->second.borrower.empty();
}

void Lender::close(Loans::iterator loan, uint16_t code, const std::string& why, Outputs& out) {
    loan->second.state = State::Closing;
    out.push_back(CloseConnection{loan->first, code, why.substr(0, kCloseReasonBytes)});
}

void Lender::on_message(Around& around, ConnectionId id, std::string_view text) {
    const auto found = loans_.find(id);
    if (found == loans_.end()) return;
    switch (found->second.state) {
        case State::New: return on_hello(around, found, text);
        case State::Opening: return close(found, kLoanMalformed, "not yet welcome", around.out);
        case State::Closing: return;
        case State::Open: break;
    }
    auto frame = cluster::from_base64(text);
    if (frame) {
        around.workers.push_back(TellWorker{id, std::move(*frame)});
        return;
    }
    around.workers.push_back(LeaveWorker{id});
    close(found, kLoanMalformed, "not a frame in base64", around.out);
}

// One that is asked back is lent again whatever it has to carry: it does so already.
std::optional<WorkerIndex> Lender::worker_for(const Around& around, const LinkHello& hello) {
    if (hello.worker) return around.controller.runs(*hello.worker) ? hello.worker : std::nullopt;
    return around.spare ? around.controller.worker_to_lend(around.now) : std::nullopt;
}

void Lender::on_hello(Around& around, Loans::iterator found, std::string_view text) {
    Loan& loan = found->second;
    const auto frame = parse_link_frame(text);
    const auto* hello = frame ? std::get_if<LinkHello>(&*frame) : nullptr;
    if (!hello) {
        const std::string why = frame ? "hello comes first" : frame.error();
        return close(found, kLoanMalformed, why, around.out);
    }
    if (hello->to != server_ || !is_same_key(hello->key, key_)) {
        around.out.push_back(Log{Level::Warning, "refused to lend a worker to " + loan.remote +
                                                     ": a wrong key, as server " + hello->from});
        return close(found, kLoanWrongKey, "a wrong key", around.out);
    }
    const auto worker = worker_for(around, *hello);
    if (!worker) return close(found, kLoanCapacity, "no worker to spare", around.out);
    loan.state = State::Opening;
    loan.borrower = hello->from;
    loan.worker = *worker;
    loan.version = std::min(hello->version, kLinkVersion);
    around.workers.push_back(OpenWorker{found->first, *worker});
}

void Lender::on_disconnect(ConnectionId id, LenderOutputs& workers) {
    const auto found = loans_.find(id);
    if (found == loans_.end()) return;
    const State state = found->second.state;
    if (state == State::Opening || state == State::Open) workers.push_back(LeaveWorker{id});
    loans_.erase(found);
}

void Lender::on_worker_open(ConnectionId id, Outputs& out) {
    const auto found = loans_.find(id);
    if (found == loans_.end() || found->second.state != State::Opening) return;
    Loan& loan = found->second;
    loan.state = State::Open;
    out.push_back(SendText{id, write_link_frame(LinkWelcome{loan.version, loan.worker})});
    out.push_back(
        Log{Level::Info, "lends a worker to server " + loan.borrower, {}, {}, loan.worker});
}

void Lender::on_worker_frame(ConnectionId id, std::span<const uint8_t> frame, Outputs& out) {
    const auto found = loans_.find(id);
    if (found == loans_.end() || found->second.state != State::Open) return;
    out.push_back(SendText{id, cluster::to_base64(frame)});
}

void Lender::on_worker_closed(ConnectionId id, std::string_view reason, Outputs& out) {
    const auto found = loans_.find(id);
    if (found == loans_.end() || found->second.state == State::Closing) return;
    close(found, kLoanOver, "the worker is gone: " + std::string(reason), out);
}

void Lender::on_deadline(Instant now, Outputs& out) {
    for (auto loan = loans_.begin(); loan != loans_.end(); ++loan) {
        if (loan->second.state != State::New || loan->second.until > now) continue;
        close(loan, kLoanMalformed, "no hello", out);
    }
}

Instant Lender::next_deadline() const {
    Instant next = Instant::never();
    for (const auto& [id, loan] : loans_) {
        if (loan.state == State::New) next = std::min(next, loan.until);
    }
    return next;
}

}  // namespace parley::controller::clustering
