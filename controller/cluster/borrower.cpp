#include "controller/cluster/borrower.h"

#include <algorithm>
#include <tuple>

#include "common/cluster/base64.h"

namespace parley::controller::clustering {

namespace {

constexpr double kLeastToSpare = 0.1;  // cores; whose beats say less is not worth a question

}  // namespace

bool Borrower::has(WorkerIndex worker) const {
    return std::any_of(loans_.begin(), loans_.end(),
                       [&](const auto& entry) { return entry.second.worker == worker; });
}

const LinkAddress* Borrower::next_lender(const Directory& directory,
                                         const std::set<std::string>& refused) const {
    using Rank = std::tuple<bool, double>;  // of our region, cores to spare
    const LinkAddress* best = nullptr;
    Rank best_rank;
    for (const cluster::ServerPlace& place : directory.servers()) {
        const LinkAddress* link = directory.link(place.server);
        const Rank rank{place.region == region_, place.load.capacity - place.load.used};
        const bool may = link && place.server != server_ && !refused.contains(place.server) &&
                         place.state == cluster::ServerState::Up && !place.load.overloaded &&
                         std::get<double>(rank) >= kLeastToSpare;
        if (may && (!best || rank > best_rank)) best = link, best_rank = rank;
    }
    return best;
}

void Borrower::borrow(Around& around, const BorrowWorker& wanted) {
    if (!wanted.before) return ask_next(around, wanted.worker, {}, "no other server has capacity");
    recalled_.insert_or_assign(wanted.worker, *wanted.before);
    on_news(around);
}

void Borrower::on_news(Around& around) {
    for (auto recalled = recalled_.begin(); recalled != recalled_.end();) {
        const auto& [worker, before] = *recalled;
        const LinkAddress* lender = around.directory.link(before.lender);
        if (!lender) {
            ++recalled;
            continue;
        }
        const LinkId id = ++last_;
        loans_.emplace(id, Loan{worker, *lender, false, {}, before.theirs});
        around.links.push_back(Dial{id, lender->address});
        recalled = recalled_.erase(recalled);
    }
}

void Borrower::ask_next(Around& around, WorkerIndex worker, std::set<std::string> refused,
                        const std::string& why) {
    const LinkAddress* lender = next_lender(around.directory, refused);
    if (!lender) return around.controller.on_worker_gone(around.now, worker, why, around.out);
    const LinkId id = ++last_;
    loans_.emplace(id, Loan{worker, *lender, false, std::move(refused), {}});
    around.links.push_back(Dial{id, lender->address});
}

void Borrower::give_back(WorkerIndex worker, LinkOutputs& links) {
    recalled_.erase(worker);
    const auto found = std::find_if(loans_.begin(), loans_.end(), [&](const auto& entry) {
        return entry.second.worker == worker;
    });
    if (found == loans_.end()) return;
    links.push_back(HangUp{found->first, "given back"});
    loans_.erase(found);
}

void Borrower::send(WorkerIndex worker, std::span<const uint8_t> frame, LinkOutputs& links) {
    for (const auto& [id, loan] : loans_) {
        if (loan.worker == worker && loan.welcome) {
            links.push_back(SendLink{id, cluster::to_base64(frame)});
        }
    }
}

void Borrower::on_open(LinkId id, LinkOutputs& links) {
    const auto found = loans_.find(id);
    if (found == loans_.end()) return;
    const LinkAddress& lender = found->second.lender;
    links.push_back(SendLink{id, write_link_frame(LinkHello{.from = server_,
                                                            .to = lender.server,
                                                            .key = lender.key,
                                                            .worker = found->second.theirs})});
}

void Borrower::on_message(Around& around, LinkId id, std::string_view text) {
    const auto found = loans_.find(id);
    if (found == loans_.end()) return;
    Loan& loan = found->second;
    if (!loan.welcome) {
        const auto frame = parse_link_frame(text);
        const auto* welcome = frame ? std::get_if<LinkWelcome>(&*frame) : nullptr;
        if (!welcome || !welcome->worker) {
            around.links.push_back(HangUp{id, "not a welcome"});
            return fail(around, found, "server " + loan.lender.server + " said no welcome");
        }
        loan.welcome = true;
        return around.controller.on_worker_lent(around.now, loan.worker,
                                                {loan.lender.server, *welcome->worker}, around.out);
    }
    const auto bytes = cluster::from_base64(text);
    if (!bytes) {
        around.links.push_back(HangUp{id, "not base64"});
        return fail(around, found, "server " + loan.lender.server + " sent what is no frame");
    }
    around.controller.on_worker_frame(around.now, loan.worker, *bytes, around.out);
}

void Borrower::on_closed(Around& around, LinkId id, std::string_view reason) {
    const auto found = loans_.find(id);
    if (found == loans_.end()) return;
    fail(around, found, "server " + found->second.lender.server + ": " + std::string(reason));
}

void Borrower::fail(Around& around, Loans::iterator found, const std::string& why) {
    Loan loan = std::move(found->second);
    loans_.erase(found);
    if (loan.welcome || loan.theirs) {
        return around.controller.on_worker_gone(around.now, loan.worker, why, around.out);
    }
    loan.refused.insert(loan.lender.server);
    ask_next(around, loan.worker, std::move(loan.refused), why);
}

}  // namespace parley::controller::clustering
