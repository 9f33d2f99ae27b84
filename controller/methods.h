#pragma once

#include <optional>

#include "common/json/json.h"
#include "controller/house.h"
#include "controller/signalling/protoo.h"

// What a client may ask, docs/signalling.md: one function for each method.
namespace parley::controller {

// One request of one peer.
struct Call {
    Turn& turn;
    Room& room;
    Member& member;
    uint64_t request;
    Json data;
};

// The answer's data, or why not; nothing yet when a worker is asked first.
using Answer = std::optional<Result<std::string>>;

// Carries out a request. The member may be gone on return.
void on_request(Turn& turn, Member& member, const signalling::Message& message);

// The client's answer to a request of ours.
void on_response(Turn& turn, Member& member, const signalling::Message& message);

// The worker's answer to what a client asked. Stale owners are passed over.
void on_worker_answer(Turn& turn, const workers::Pending& pending, const workers::Reply& reply);

// The same when the worker died before it answered.
void refuse_unanswered(Turn& turn, const workers::Pending& pending);

// --- shared by the methods

Answer done();  // with nothing to say
Answer refuse(ErrorCode code, std::string reason);
// The peer's worker, to be asked; nullptr while none runs: answer no_worker().
workers::WorkerLink* worker_of(Call& call);
Answer no_worker();
workers::Pending pending(const Call& call, workers::Purpose purpose, uint64_t object);

// The id that a client names in a member of `data`, if it is one of `owned`.
template <typename T>
T* named(const Json& data, std::string_view name, std::map<uint64_t, T>& owned) {
    const auto text = data[name].text();
    for (auto& [id, thing] : owned) {
        if (text == std::to_string(id)) return &thing;
    }
    return nullptr;
}

// --- methods_room.cpp
Answer get_router_rtp_capabilities(Call& call);
Answer join(Call& call);
Answer change_display_name(Call& call);
Answer leave(Call& call);
Answer sync(Call& call);

// --- methods_transport.cpp
Answer create_transport(Call& call);
Answer connect_transport(Call& call);
Answer restart_ice(Call& call);
Answer get_transport_stats(Call& call);
Answer get_producer_stats(Call& call);
Answer get_consumer_stats(Call& call);
Answer on_transport_answer(Turn& turn, Member& member, const workers::Pending& pending,
                           const workers::Reply& reply);
Answer on_stats_answer(Turn& turn, const workers::Pending& pending, const workers::Reply& reply);

// --- methods_slots.cpp
Answer mute_speaker(Call& call);
Answer pin_speaker(Call& call);

// --- methods_media.cpp
Answer produce(Call& call);
Answer close_producer(Call& call);
Answer pause_producer(Call& call);
Answer resume_producer(Call& call);
Answer pause_consumer(Call& call);
Answer resume_consumer(Call& call);
Answer accept_for_consumer(Call& call);
Answer on_produce_answer(Turn& turn, Member& member, const workers::Pending& pending,
                         const workers::Reply& reply);

}  // namespace parley::controller
