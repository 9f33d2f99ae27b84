#include "controller/worker_life.h"

#include <utility>

#include "common/json/json.h"
#include "controller/crossing.h"
#include "controller/dump.h"
#include "controller/hearing.h"
#include "controller/loans.h"
#include "controller/membership.h"
#include "controller/messages.h"
#include "controller/methods.h"
#include "controller/pipes.h"
#include "controller/recovery.h"
#include "controller/room_life.h"
#include "controller/slots.h"
#include "controller/speakers.h"
#include "controller/spread.h"

namespace parley::controller {

namespace {

using workers::Pending;
using workers::Purpose;

// Nothing is in this worker any more.
void put_down(Turn& turn, WorkerIndex worker) {
    for (const auto& [id, handle] : turn.house.room_by_id) {
        Room& room = *turn.house.rooms.find(handle);
        if (room.router_in(worker)) lose_router(turn, room, worker);
    }
    forget_pipes(turn, worker);
}

// Carries what is without a worker, as far as there are any that run.
void carry_all(Turn& turn) {
    for (const auto& [id, handle] : turn.house.room_by_id) {
        carry(turn, *turn.house.rooms.find(handle));
    }
}

void on_lost(Turn& turn, WorkerIndex worker, std::string_view reason) {
    const auto unanswered = turn.house.workers[worker].take_unanswered();
    turn.house.gauges[worker].reset();
    for (Found& was : turn.house.carried) was.lost |= was.worker == worker;
    if (turn.house.is_lent(worker)) {
        log(turn, Level::Error,
            "lost the worker of server " + turn.house.workers[worker].lender() + ": " +
                std::string(reason),
            worker);
    } else {
        JsonWriter data;
        data.object().number("worker", worker).text("reason", reason).end_object();
        tell(turn, "worker.lost", data.take());
        log(turn, Level::Error, "worker lost: " + std::string(reason), worker);
    }
    put_down(turn, worker);
    for (const Pending& pending : unanswered) refuse_unanswered(turn, pending);
    carry_all(turn);
}

// It did not come to running.
void on_failed(Turn& turn, WorkerIndex worker, std::string_view reason) {
    turn.house.workers[worker].take_unanswered();
    if (turn.house.is_lent(worker)) return on_loan_refused(turn, worker, reason);
    log(turn, Level::Error, "worker did not start: " + std::string(reason), worker);
}

void on_started(Turn& turn, WorkerIndex worker, const workers::Heard& heard) {
    if (turn.house.is_lent(worker)) return on_lent(turn, worker, heard);
    const uint32_t pid = turn.house.workers[worker].info().pid;
    JsonWriter data;
    data.object().number("worker", worker).number("pid", pid).end_object();
    tell(turn, "worker.started", data.take());
    log(turn, Level::Info, "worker runs as process " + std::to_string(pid), worker);
    if (heard.snapshot) {
        turn.house.carried.push_back({worker, *heard.snapshot, false});
        recall_loans(turn, *heard.snapshot);
    }
    carry_all(turn);
}

void on_answer(Turn& turn, WorkerIndex worker, const workers::Answer& answer) {
    const auto& [pending, reply] = answer;
    switch (pending.purpose) {
        case Purpose::Hello:
        case Purpose::Snapshot: return;  // the link gives the worker up
        case Purpose::WorkerStats:
        case Purpose::Nothing:
            if (reply.refusal == workers::Refusal::None) return;
            // What was closed along with something else is no news.
            log(turn, reply.refusal == workers::Refusal::NotFound ? Level::Debug : Level::Warning,
                "the worker refused: " + reply.reason, worker);
            return;
        case Purpose::Router: return on_router_answer(turn, worker, pending, reply);
        case Purpose::Pipe: return on_pipe_created(turn, worker, pending, reply);
        case Purpose::PipeConnect: return on_pipe_connected(turn, pending, reply);
        case Purpose::PipeConsume: return on_left(turn, pending, reply);
        case Purpose::PipeProduce: return on_arrived(turn, pending, reply);
        case Purpose::Dump: return on_dump_answer(turn, pending, reply);
        default: return on_worker_answer(turn, pending, reply);
    }
}

// Seldom enough to look for the peer.
void log_about(Turn& turn, uint64_t transport, std::string text) {
    for (const auto& [id, handle] : turn.house.room_by_id) {
        const Room& room = *turn.house.rooms.find(handle);
        for (const auto& [peer, member_handle] : room.peers) {
            const Member& member = *turn.house.members.find(member_handle);
            if (!member.transports.contains(transport)) continue;
            return log(turn, Level::Warning, std::move(text), room, member);
        }
    }
}

// The first of a peer's transports is the moment from which it can speak or hear.
void on_connected(Turn& turn, uint64_t transport) {
    const auto* handle = turn.house.connecting.find(transport);
    if (!handle) return;
    Member* member = turn.house.members.find(*handle);
    turn.house.connecting.erase(transport);
    if (!member || std::exchange(member->was_connected, true)) return;
    turn.house.tally.connect.observe(turn.now - member->since);
}

struct Notified {
    Turn& turn;
    WorkerIndex worker;

    void operator()(const workers::Volumes& volumes) { on_volumes(turn, volumes); }
    void operator()(const workers::SlotSpeakers& speakers) { on_slot_speakers(turn, speakers); }
    void operator()(const workers::DominantSpeaker& speaker) { on_dominant_speaker(turn, speaker); }
    // How a client's connection fares is the client's to see and to mend; statistics tell it.
    void operator()(const workers::IceStateChanged&) {}
    void operator()(const workers::DtlsStateChanged& changed) {
        if (changed.state == workers::DtlsState::Connected) on_connected(turn, changed.transport);
        if (changed.state != workers::DtlsState::Failed) return;
        log_about(turn, changed.transport, "the DTLS handshake failed: " + changed.reason);
    }
    // May be of another controller's room, when the worker is lent.
    void operator()(const workers::RouterOpened& opened) {
        Log line{Level::Info, "router " + std::to_string(opened.router) + " opened"};
        line.worker = worker;
        line.trace = opened.trace;
        turn.out.push_back(std::move(line));
    }
    void operator()(const workers::PipeStateChanged& changed) {
        const bool silent = changed.state == workers::PipeState::Silent;
        log(turn, silent ? Level::Warning : Level::Info,
            "pipe " + std::to_string(changed.pipe) + (silent ? " fell silent" : " is heard"),
            worker);
    }
};

}  // namespace

void on_worker_frame(Turn& turn, WorkerIndex worker, std::span<const uint8_t> frame) {
    House& house = turn.house;
    const workers::Heard heard = house.workers[worker].on_frame(turn.now, frame, turn.out);
    if (heard.measured) {
        house.gauges[worker].on_stats(turn.now, house.workers[worker].info(), house.costs);
    }
    if (heard.started) on_started(turn, worker, heard);
    for (const workers::Answer& answer : heard.answers) on_answer(turn, worker, answer);
    for (const auto& notification : heard.notifications)
        std::visit(Notified{turn, worker}, notification);
    if (!heard.lost.empty()) on_lost(turn, worker, heard.lost);
}

void on_worker_gone(Turn& turn, WorkerIndex worker, std::string_view reason) {
    using Gone = workers::WorkerLink::Gone;
    const Gone gone = turn.house.workers[worker].on_gone(turn.now, turn.out);
    if (gone == Gone::Ran) on_lost(turn, worker, reason);
    if (gone == Gone::NeverRan) on_failed(turn, worker, reason);
}

void on_worker_deadlines(Turn& turn) {
    for (WorkerIndex i = 0; i < turn.house.workers.size(); ++i) {
        auto& link = turn.house.workers[i];
        if (link.next_deadline() > turn.now) continue;
        const bool ran = link.running();
        const std::string lost = link.on_deadline(turn.now, turn.out);
        if (lost.empty()) continue;
        ran ? on_lost(turn, i, lost) : on_failed(turn, i, lost);
    }
}

void recover_and_carry(Turn& turn) {
    recover(turn);
    carry_all(turn);
}

void admit_held(Turn& turn) {
    for (Held& held : std::exchange(turn.house.held, {})) {
        admit(turn, held.connection, held.admission);
        const auto& waiting = turn.house.held;
        if (!waiting.empty() && waiting.back().connection == held.connection) {
            turn.house.held.back().messages = std::move(held.messages);
            continue;
        }
        for (const std::string& text : held.messages) on_text(turn, held.connection, text);
    }
}

}  // namespace parley::controller
