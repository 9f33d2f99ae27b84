#include "controller/core.h"

#include <algorithm>

#include "controller/administration.h"
#include "controller/dump.h"
#include "controller/house.h"
#include "controller/loans.h"
#include "controller/membership.h"
#include "controller/messages.h"
#include "controller/pipe_rules.h"
#include "controller/pipes.h"
#include "controller/placement.h"
#include "controller/room_life.h"
#include "controller/spread.h"
#include "controller/whereabouts.h"
#include "controller/worker_life.h"
#include "controller/workers/pipe_codec.h"

namespace parley::controller {

namespace {

constexpr size_t kHeldClients = 1'000;  // that come before the workers have been heard of

void on_wait(Turn& turn, const Wait& wait) {
    switch (wait.what) {
        case Wait::For::Peer: return on_grace_over(turn, {wait.index, wait.generation});
        case Wait::For::Room: return on_empty_timeout(turn, {wait.index, wait.generation});
        case Wait::For::Spare: return on_spare_routers(turn, {wait.index, wait.generation});
        case Wait::For::Pipe: return on_pipe_wait(turn, {wait.index, wait.generation});
        case Wait::For::Loan: return on_loan_wait(turn, wait.index);
        case Wait::For::Dump: return on_dump_wait(turn, wait.index);
    }
}

}  // namespace

struct Controller::State : House {
    using House::House;

    // Does something, and then what every turn ends with: those who waited for the workers come
    // in, and all that was asked of a worker leaves in one frame.
    template <typename Do>
    auto turn(Instant now, Outputs& out, Do what) {
        Turn turn{now, out, *this};
        struct End {
            Turn& turn;
            ~End() {
                if (!turn.house.carried.empty() && turn.house.settled()) recover_and_carry(turn);
                const bool may_admit = turn.house.settled() && !loan_coming(turn.house);
                if (!turn.house.held.empty() && may_admit) admit_held(turn);
                settle_pipe_rules(turn);
                for (auto& link : turn.house.workers) link.flush(turn.now, turn.out);
            }
        } end{turn};
        return what(turn);
    }
};

Controller::Controller(Options options, base::Random& random)
    : state_(std::make_unique<State>(std::move(options), random)) {}
Controller::~Controller() = default;

void Controller::on_start(Instant now, Outputs& out) {
    const auto micros = static_cast<uint64_t>(std::max<int64_t>(now.micros(), 0));
    state_->last_id = state_->random.below(kIdRanges) << kIdRangeBits | micros;
    for (WorkerIndex i = 0; i < state_->options.workers; ++i) state_->workers[i].start(now, out);
}

void Controller::on_connect(Instant now, ConnectionId connection, const Admission& admission,
                            Outputs& out) {
    if (!state_->settled() && !state_->stopping) {
        if (state_->held.size() < kHeldClients) {
            state_->held.push_back({connection, admission, {}});
        } else {
            out.push_back(CloseConnection{connection, 4429, "capacity"});
            Tally::count(state_->tally.refused, "capacity");
        }
        return;
    }
    state_->turn(now, out, [&](Turn& turn) { admit(turn, connection, admission); });
}

void Controller::on_message(Instant now, ConnectionId connection, std::string_view text,
                            Outputs& out) {
    state_->turn(now, out, [&](Turn& turn) {
        if (!state_->held.empty()) hold_text(turn, connection, text);
        on_text(turn, connection, text);
    });
}

void Controller::on_disconnect(Instant now, ConnectionId connection, Outputs& out) {
    std::erase_if(state_->held, [&](const Held& held) { return held.connection == connection; });
    const auto* handle = state_->connections.find(connection);
    if (!handle) return;
    state_->turn(now, out,
                 [&](Turn& turn) { on_connection_lost(turn, *state_->members.find(*handle)); });
}

void Controller::on_worker_connected(Instant now, WorkerIndex worker, Outputs& out) {
    if (worker >= state_->workers.size()) return;
    state_->turn(now, out, [&](Turn&) { state_->workers[worker].on_connected(now); });
}

void Controller::on_worker_lent(Instant now, WorkerIndex worker, LentWorker lent, Outputs& out) {
    if (!state_->is_lent(worker) || worker >= state_->workers.size()) return;
    state_->turn(now, out, [&](Turn&) { state_->workers[worker].on_lent(now, std::move(lent)); });
}

void Controller::on_worker_frame(Instant now, WorkerIndex worker, std::span<const uint8_t> frame,
                                 Outputs& out) {
    if (worker >= state_->workers.size()) return;
    state_->turn(now, out, [&](Turn& turn) { controller::on_worker_frame(turn, worker, frame); });
}

void Controller::on_worker_gone(Instant now, WorkerIndex worker, std::string_view reason,
                                Outputs& out) {
    if (worker >= state_->workers.size()) return;
    state_->turn(now, out, [&](Turn& turn) { controller::on_worker_gone(turn, worker, reason); });
}

void Controller::on_deadline(Instant now, Outputs& out) {
    state_->turn(now, out, [&](Turn& turn) {
        on_worker_deadlines(turn);
        Wait wait;
        while (state_->waits.pop_due(now, wait)) {
            on_wait(turn, wait);
        }
    });
}

Instant Controller::next_deadline() const {
    Instant next = state_->waits.next_deadline();
    for (const auto& link : state_->workers) next = std::min(next, link.next_deadline());
    return next;
}

Result<RoomInfo> Controller::create_room(Instant now, std::string_view room,
                                         const RoomOptions& options, Outputs& out,
                                         std::string_view trace) {
    return state_->turn(now, out, [&](Turn& turn) {
        return controller::create_room(turn, room, options, 1, trace);
    });
}

Result<RoomInfo> Controller::open_room(Instant now, std::string_view room, cluster::Epoch epoch,
                                       const RoomOptions& options, Outputs& out,
                                       std::string_view trace) {
    return state_->turn(now, out, [&](Turn& turn) {
        return controller::create_room(turn, room, options, epoch, trace);
    });
}

Result<base::Unit> Controller::release_room(Instant now, std::string_view room, Outputs& out) {
    return state_->turn(now, out, [&](Turn& turn) { return controller::release_room(turn, room); });
}

Result<base::Unit> Controller::close_room(Instant now, std::string_view room, Outputs& out) {
    return state_->turn(now, out, [&](Turn& turn) { return controller::close_room(turn, room); });
}

Result<base::Unit> Controller::kick_peer(Instant now, std::string_view room, std::string_view peer,
                                         std::string_view reason, Outputs& out) {
    return state_->turn(now, out, [&](Turn& turn) { return kick(turn, room, peer, reason); });
}

Result<base::Unit> Controller::mute_peer(Instant now, std::string_view room, std::string_view peer,
                                         bool muted, Outputs& out) {
    return state_->turn(now, out, [&](Turn& turn) { return mute(turn, room, peer, muted); });
}

Result<base::Unit> Controller::dump_room(Instant now, DumpId dump, std::string_view room,
                                         std::string_view peer, Outputs& out) {
    return state_->turn(now, out, [&](Turn& turn) { return begin_dump(turn, dump, room, peer); });
}

Result<RoomInfo> Controller::room(std::string_view room) const {
    const Room* found = state_->room(room);
    if (!found) return base::Err{Error{ErrorCode::NotFound, "no such room"}};
    return room_info(*state_, *found);
}

std::vector<RouterInfo> Controller::routers(std::string_view room) const {
    const Room* found = state_->room(room);
    return found ? router_infos(*state_, *found) : std::vector<RouterInfo>();
}

cluster::Epoch Controller::epoch(std::string_view room) const {
    const Room* found = state_->room(room);
    return found ? found->epoch : 0;
}

std::vector<cluster::RoomReport> Controller::reports() const {
    std::vector<cluster::RoomReport> reports;
    reports.reserve(state_->room_by_id.size());
    for (const auto& [id, handle] : state_->room_by_id) {
        const Room& room = *state_->rooms.find(handle);
        reports.push_back({id, room.epoch, static_cast<uint32_t>(room.peers.size()), room.created,
                           room.options, lenders_of(*state_, room)});
    }
    return reports;
}

std::vector<RoomInfo> Controller::rooms() const {
    std::vector<RoomInfo> infos;
    for (const auto& [id, handle] : state_->room_by_id) {
        infos.push_back(room_info(*state_, *state_->rooms.find(handle)));
    }
    return infos;
}

std::vector<cluster::PeerPlace> Controller::find_peers(const cluster::PeerFind& wanted) const {
    return controller::find_peers(*state_, wanted);
}

PipeVersion Controller::pipe_version() {
    return workers::pipe_version();
}

std::vector<WorkerInfo> Controller::workers(Instant now) const {
    std::vector<WorkerInfo> infos;
    for (WorkerIndex i = 0; i < state_->options.workers; ++i) {
        infos.push_back(state_->workers[i].info());
        infos.back().load = state_->gauges[i].load(now);
    }
    return infos;
}

Capacity Controller::capacity(Instant now) const {
    return controller::capacity_of(*state_, now);
}

Overview Controller::overview() const {
    return controller::overview_of(*state_);
}

double Controller::load_most() const {
    return state_->options.worker_load_most;
}

const Tally& Controller::tally() const {
    return state_->tally;
}

bool Controller::ready() const {
    return std::any_of(state_->workers.begin(), state_->workers.begin() + state_->options.workers,
                       [](const auto& link) { return link.running(); });
}

bool Controller::runs(WorkerIndex worker) const {
    return worker < state_->options.workers && state_->workers[worker].running();
}

std::optional<WorkerIndex> Controller::worker_to_lend(Instant now) const {
    return controller::worker_to_lend(*state_, now);
}

void Controller::set_draining(bool draining) {
    state_->draining = draining;
}

void Controller::on_stop(Instant now, Outputs& out) {
    state_->stopping = true;
    state_->carried.clear();
    for (const Held& held : std::exchange(state_->held, {})) {
        out.push_back(CloseConnection{held.connection, 4429, "capacity"});
    }
    state_->turn(now, out, [&](Turn& turn) {
        while (!state_->room_by_id.empty()) {
            Room& room = *state_->rooms.find(state_->room_by_id.begin()->second);
            shut_room(turn, room, 4410, "room-closed");
        }
        for (auto& link : state_->workers) link.stop(now, out);
    });
}

void Controller::ensure_invariants() const {
    state_->ensure_invariants();
}

bool Controller::settled() const {
    return state_->settled();
}

}  // namespace parley::controller
