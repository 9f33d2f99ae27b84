#include <csignal>

#include "controller/wiring/server.h"

// How a server is drained, and how it ends.
namespace parley::controller {

namespace {

constexpr base::Duration kStopTime = 3s;         // for workers to end by themselves
constexpr base::Duration kFarewellTime = 500ms;  // for clients to read that we close
constexpr uint16_t kGoingAway = 1001;            // RFC 6455 §7.4.1
constexpr base::Duration kLookAgain = 1s;  // whether the rooms of a draining server have ended

}  // namespace

const Drain& Server::drain() const {
    return broker_ ? broker_->presence().drain() : drain_;
}

void Server::start_drain(base::Instant now, const control::StartDrain& wanted) {
    if (broker_) {
        broker_->drain(wanted.deadline, wanted.for_good);
    } else {
        drain_.begin(now, wanted.deadline, wanted.for_good);
    }
    on_drain_changed("drains");
}

void Server::stop_drain(base::Instant) {
    ends_when_drained_ = false;
    if (broker_) {
        broker_->undrain();
    } else {
        drain_.undo();
    }
    on_drain_changed("takes rooms again");
}

void Server::on_drain_changed(const char* what) {
    log({Level::Info, what});
    core_.set_draining(drain().is_on());
    drain_look_ = loop_.now();
}

control::DrainState Server::drain_state(base::Instant now) const {
    control::DrainState state{.state = drain().state(), .left = drain().left(now)};
    const auto rooms = core_.reports();
    state.rooms = static_cast<uint32_t>(rooms.size());
    for (const cluster::RoomReport& room : rooms) state.peers += room.peers;
    return state;
}

// In a cluster the rooms of a draining server move, and what is left at the deadline is given up by
// the presence. A server that is alone can only wait, and then close them.
void Server::mind_drain(base::Instant now) {
    if (now < drain_look_) return;
    drain_look_ = drain().is_on() ? now + kLookAgain : base::Instant::never();
    if (!drain().is_on()) {  // undone, over the broker
        ends_when_drained_ = false;
        return core_.set_draining(false);
    }
    if (!broker_) {
        const auto rooms = core_.reports();
        const bool due = drain_.on_rooms(now, rooms.size());
        turn([&](base::Instant at, Outputs& out) {
            if (!due) return;
            for (const auto& one : rooms) core_.close_room(at, one.room, out).ok();
        });
    }
    const bool drained = drain().state() == cluster::ServerState::Drained;
    if (ends_when_drained_ && drained && !stopping_) stop();
}

// SIGTERM drains first, where that was asked for; SIGINT, and whatever comes a second time, does
// not. SIGHUP ends nothing.
void Server::on_signal(int number) {
    if (number == SIGHUP) return reload();
    if (stopping_) return workers_->kill_all();
    const base::Duration time = options_.config.drain_time;
    if (number != SIGTERM || time == 0s || ends_when_drained_) return stop();
    ends_when_drained_ = true;
    start_drain(loop_.now(), {.deadline = time, .for_good = true});
}

// Orderly.
void Server::stop() {
    stopping_ = true;
    log({Level::Info, "stops"});
    api_.on_stop();
    turn([&](base::Instant now, Outputs& out) { core_.on_stop(now, out); });
    if (broker_) broker_->on_stop();
    web_->stop(kGoingAway, "going-away");
    farewell_until_ = loop_.now() + kFarewellTime;
    kill_at_ = loop_.now() + kStopTime;
}

}  // namespace parley::controller
