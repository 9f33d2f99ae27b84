#include "controller/methods.h"

#include <array>

#include "controller/administration.h"
#include "controller/dump.h"
#include "controller/hearing.h"
#include "controller/slots.h"

namespace parley::controller {

namespace {

struct Method {
    std::string_view name;
    Answer (*run)(Call&);
};

constexpr std::array kMethods = {
    Method{"getRouterRtpCapabilities", get_router_rtp_capabilities},
    Method{"createWebRtcTransport", create_transport},
    Method{"connectWebRtcTransport", connect_transport},
    Method{"restartIce", restart_ice},
    Method{"join", join},
    Method{"leave", leave},
    Method{"sync", sync},
    Method{"changeDisplayName", change_display_name},
    Method{"produce", produce},
    Method{"closeProducer", close_producer},
    Method{"pauseProducer", pause_producer},
    Method{"resumeProducer", resume_producer},
    Method{"pauseConsumer", pause_consumer},
    Method{"resumeConsumer", resume_consumer},
    Method{"setConsumerPriority", accept_for_consumer},
    Method{"setConsumerPreferredLayers", accept_for_consumer},
    Method{"requestConsumerKeyFrame", accept_for_consumer},
    Method{"muteSpeaker", mute_speaker},
    Method{"pinSpeaker", pin_speaker},
    Method{"getTransportStats", get_transport_stats},
    Method{"getProducerStats", get_producer_stats},
    Method{"getConsumerStats", get_consumer_stats},
};

Answer run(Call& call, std::string_view name) {
    for (const Method& method : kMethods) {
        if (method.name == name) return method.run(call);
    }
    return refuse(ErrorCode::NotFound, "no such method");
}

void answer(Turn& turn, Member& member, uint64_t request, const Result<std::string>& result) {
    member.session.answer(request,
                          result ? signalling::write_response(request, *result)
                                 : signalling::write_refusal(request, result.error()),
                          turn.out);
}

Error error_of(const workers::Reply& reply) {
    using workers::Refusal;
    switch (reply.refusal) {
        case Refusal::Malformed: return {ErrorCode::Malformed, reply.reason};
        case Refusal::NotFound: return {ErrorCode::NotFound, reply.reason};
        case Refusal::AlreadyExists:
        case Refusal::WrongState:
        case Refusal::Ssrc: return {ErrorCode::Conflict, reply.reason};
        case Refusal::LimitReached: return {ErrorCode::Limit, reply.reason};
        case Refusal::None:
        case Refusal::NotSupported: break;
    }
    return {ErrorCode::Internal, reply.reason};
}

}  // namespace

Answer done() {
    return std::string("{}");
}

Answer refuse(ErrorCode code, std::string reason) {
    return Result<std::string>(base::Err{Error{code, std::move(reason)}});
}

workers::WorkerLink* worker_of(Call& call) {
    return call.turn.house.link(call.member);
}

Answer no_worker() {
    return refuse(ErrorCode::Unavailable, "no worker runs; try again in a moment");
}

workers::Pending pending(const Call& call, workers::Purpose purpose, uint64_t object) {
    return {purpose, call.member.self.index, call.member.self.generation, object, call.request};
}

void on_request(Turn& turn, Member& member, const signalling::Message& message) {
    if (member.session.begin(message.id, turn.out) != signalling::Session::Repeat::New) return;
    const auto handle = member.self;
    Call call{turn, *turn.house.rooms.find(member.room), member, message.id, message.data};
    const Answer answered = run(call, message.method);
    if (!answered || !turn.house.members.find(handle)) return;
    answer(turn, member, message.id, *answered);
    // After the answer: a client is told of voices when it knows that it is in.
    if (message.method == "join" && answered->ok()) {
        hear_all(turn, call.room, member);
        be_heard(turn, call.room, member);
    }
}

void on_response(Turn& turn, Member& member, const signalling::Message& message) {
    const auto consumer = member.session.on_response(message.id);
    if (!consumer) return;
    message.ok ? make_ready(turn, member, *consumer) : close_consumer(turn, member, *consumer);
}

void on_worker_answer(Turn& turn, const workers::Pending& pending, const workers::Reply& reply) {
    using workers::Purpose;
    Member* member = turn.house.members.find({pending.owner, pending.owner_generation});
    if (!member) return;
    if (pending.purpose == Purpose::Consume) {
        return on_consumed(turn, *member, pending.object, reply);
    }
    if (pending.purpose == Purpose::Slots) {
        return on_slots_consumed(turn, *member, pending.object, reply);
    }
    Answer answered;
    if (pending.purpose == Purpose::Produce) {
        answered = on_produce_answer(turn, *member, pending, reply);
    } else if (pending.purpose >= Purpose::TransportStats) {
        answered = on_stats_answer(turn, pending, reply);
    } else {
        answered = on_transport_answer(turn, *member, pending, reply);
    }
    const bool refused = reply.refusal != workers::Refusal::None;
    if (!answered) answered = Result<std::string>(base::Err{error_of(reply)});
    if (refused)
        log(turn, Level::Info, "the worker refused: " + reply.reason,
            *turn.house.rooms.find(member->room), *member);
    answer(turn, *member, pending.request, *answered);
    // After the answer, as above: a new transport can take voices, a new voice is to be heard.
    Room& room = *turn.house.rooms.find(member->room);
    if (!refused && pending.purpose == Purpose::Transport) hear_all(turn, room, *member);
    if (!refused && pending.purpose == Purpose::Produce) {
        be_heard(turn, room, *member);
        if (member->muted) tell_muted(turn, room, *member, pending.object);
    }
}

void refuse_unanswered(Turn& turn, const workers::Pending& pending) {
    if (pending.purpose == workers::Purpose::Dump) return on_dump_answer(turn, pending, {});
    if (pending.purpose <= workers::Purpose::Router ||
        pending.purpose == workers::Purpose::Consume ||
        pending.purpose == workers::Purpose::Slots) {
        return;
    }
    Member* member = turn.house.members.find({pending.owner, pending.owner_generation});
    if (member) answer(turn, *member, pending.request, *no_worker());
}

}  // namespace parley::controller
