#include "controller/loans.h"

#include <algorithm>

#include "controller/pipes.h"
#include "controller/placement.h"
#include "controller/rooms/app_data.h"

namespace parley::controller {

namespace {

constexpr size_t kWaitingClients = 1'000;
constexpr base::Duration kRefused = 5s;  // until it is tried again
constexpr base::Duration kUnused = 30s;  // people come back
constexpr double kMostToLend = 2.0 / 3;  // of what a worker may carry: the rest is for our own

bool in_use(const House& house, WorkerIndex worker) {
    return std::any_of(house.room_by_id.begin(), house.room_by_id.end(), [&](const auto& entry) {
        return house.rooms.find(entry.second)->router_in(worker) != nullptr;
    });
}

}  // namespace

bool await_loan(Turn& turn, ConnectionId connection, const Admission& admission) {
    House& house = turn.house;
    if (house.held.size() >= kWaitingClients) return false;
    if (!loan_coming(house)) {
        if (turn.now < house.loans_refused_until) return false;
        const auto free =
            std::find_if(house.workers.begin() + house.options.workers, house.workers.end(),
                         [](const auto& link) { return link.idle(); });
        if (free == house.workers.end()) return false;
        free->borrow(turn.now, turn.out);
    }
    house.held.push_back({connection, admission, {}});
    return true;
}

bool loan_coming(const House& house) {
    return std::any_of(house.workers.begin() + house.options.workers, house.workers.end(),
                       [](const auto& link) { return !link.idle() && !link.running(); });
}

void recall_loans(Turn& turn, const workers::Snapshot& snapshot) {
    House& house = turn.house;
    for (const auto& router : snapshot.routers) {
        const auto record = rooms::parse_room(router.app_data);
        if (!record) continue;
        for (const auto& [worker, lent] : record->loans) {
            const bool known = house.is_lent(worker) && worker < house.workers.size();
            if (!known || !house.workers[worker].idle()) continue;
            house.workers[worker].recall(turn.now, lent, turn.out);
        }
    }
}

void on_lent(Turn& turn, WorkerIndex worker, const workers::Heard& heard) {
    auto& link = turn.house.workers[worker];
    log(turn, Level::Info, "borrowed a worker of server " + link.lender(), worker);
    if (heard.snapshot && !turn.house.carried.empty()) {
        turn.house.carried.push_back({worker, *heard.snapshot, false});
    } else if (heard.snapshot) {
        for (const auto& router : heard.snapshot->routers) {
            link.ask(workers::CloseRouter{router.router});
        }
        for (const auto& pipe : heard.snapshot->pipes) link.ask(workers::ClosePipe{pipe.pipe});
    }
    mind_loan(turn, worker);
}

void on_loan_refused(Turn& turn, WorkerIndex worker, std::string_view reason) {
    turn.house.loans_refused_until = turn.now + kRefused;
    log(turn, Level::Warning, "no other server lends a worker: " + std::string(reason), worker);
}

void mind_loan(Turn& turn, WorkerIndex worker) {
    if (!turn.house.is_lent(worker) || !turn.house.workers[worker].running()) return;
    turn.house.waits.set({Wait::For::Loan, worker, 0},
                         in_use(turn.house, worker) ? Instant::never() : turn.now + kUnused);
}

void on_loan_wait(Turn& turn, WorkerIndex worker) {
    auto& link = turn.house.workers[worker];
    if (!link.running() || in_use(turn.house, worker)) return;
    forget_pipes(turn, worker);
    link.flush(turn.now, turn.out);
    log(turn, Level::Info, "gave the worker of server " + link.lender() + " back", worker);
    link.give_back(turn.out);
    turn.house.gauges[worker].reset();
}

std::optional<WorkerIndex> worker_to_lend(const House& house, Instant now) {
    const auto lightest = lightest_worker(house, now);
    if (house.stopping || !lightest) return std::nullopt;
    const double most = kMostToLend * house.options.worker_load_most;
    return house.gauges[*lightest].load(now) < most ? lightest : std::nullopt;
}

}  // namespace parley::controller
