#include "controller/hearing.h"
#include "controller/methods.h"
#include "controller/rooms/app_data.h"
#include "controller/signalling/ortc.h"

namespace parley::controller {

namespace {

using workers::Purpose;

constexpr size_t kProducersPerPeer = 16;
constexpr size_t kAppDataBytes = 4 * 1024;

// The producer that a lost answer was about: it was made before the controller was restarted.
const Producer* made_before(const Member& member, const Transport& transport,
                            const SendParameters& parameters) {
    if (!member.recovered) return nullptr;
    const uint32_t ssrc = parameters.encodings.empty() ? 0 : parameters.encodings[0].ssrc;
    for (const auto& [id, producer] : member.producers) {
        if (producer.transport != transport.id || !producer.created) continue;
        if (producer.mid == parameters.mid && producer.ssrc == ssrc) return &producer;
    }
    return nullptr;
}

std::string one_id(uint64_t id) {
    return one_text("id", std::to_string(id));
}

Answer set_paused_by_client(Call& call, bool paused) {
    Producer* producer = named(call.data, "producerId", call.member.producers);
    if (!producer) return refuse(ErrorCode::NotFound, "no such producer");
    if (!paused && call.member.muted) {
        return refuse(ErrorCode::Forbidden, "muted by an administrator");
    }
    const bool was_paused = call.member.paused(*producer);
    producer->paused_by_client = paused;
    settle_pause(call.turn, call.room, call.member, *producer, was_paused);
    return done();
}

Answer set_consumer_paused(Call& call, bool paused) {
    Consumer* consumer = named(call.data, "consumerId", call.member.consumers);
    if (!consumer) return refuse(ErrorCode::NotFound, "no such consumer");
    const bool was_paused = consumer->paused();
    consumer->paused_by_client = paused;
    auto* link = worker_of(call);
    if (link && consumer->paused() != was_paused) {
        link->ask(workers::PauseConsumer{consumer->id, consumer->paused()});
    }
    on_consumer_paused(call.turn, call.member, *consumer);
    return done();
}

void tell_added(Turn& turn, Room& room, const Member& member, const Producer& producer) {
    JsonWriter data;
    data.object().text("peer", member.id).text("producer", std::to_string(producer.id));
    data.text("kind", "audio").flag("paused", member.paused(producer)).end_object();
    tell(turn, room, "track.added", data.take());
}

}  // namespace

Answer produce(Call& call) {
    Member& member = call.member;
    if (!member.rights.publish) return refuse(ErrorCode::Forbidden, "may not publish");
    JsonFields in(call.data);
    const std::string_view kind = in.text("kind", 16);
    const Json app_data = in.object_or_nothing("appData");
    const bool paused = in.flag_or("paused", false);
    if (!in.ok()) return refuse(ErrorCode::Malformed, in.error());
    const Transport* transport = named(call.data, "transportId", member.transports);
    if (!transport || !transport->created) {
        return refuse(ErrorCode::NotFound, "no such transport");
    }
    auto parameters = signalling::parse_send_parameters(kind, call.data["rtpParameters"]);
    if (!parameters) return Result<std::string>(base::Err{parameters.error()});
    if (const Producer* known = made_before(member, *transport, *parameters)) {
        return one_id(known->id);
    }
    Producer producer;
    if (app_data.present()) producer.app_data = app_data.dump();
    if (producer.app_data.size() > kAppDataBytes) {
        return refuse(ErrorCode::Malformed, "data.appData: wanted at most 4096 bytes");
    }
    if (member.producers.size() >= kProducersPerPeer) {
        return refuse(ErrorCode::Limit, "as many producers as a peer may have");
    }
    auto* link = worker_of(call);
    if (!link) return no_worker();
    producer.id = call.turn.new_id();
    producer.transport = transport->id;
    producer.paused_by_client = paused;
    producer.mid = parameters->mid;
    producer.ssrc = parameters->encodings.empty() ? 0 : parameters->encodings[0].ssrc;
    producer.payload_type = parameters->payload_type;
    producer.clock_rate = parameters->clock_rate;
    producer.cname = parameters->cname;
    std::string kept = rooms::write_app_data(producer);
    // Who has not joined yet is heard by nobody: not in a slot either.
    const bool silent = member.paused(producer) || !member.joined;
    link->ask(workers::Produce{transport->id, producer.id, std::move(*parameters), silent,
                               std::move(kept), member.csrc},
              pending(call, Purpose::Produce, producer.id));
    member.producers.emplace(producer.id, std::move(producer));
    return std::nullopt;
}

Answer on_produce_answer(Turn& turn, Member& member, const workers::Pending& pending,
                         const workers::Reply& reply) {
    const auto found = member.producers.find(pending.object);
    if (found == member.producers.end()) return std::nullopt;
    if (reply.refusal != workers::Refusal::None) {
        member.producers.erase(found);
        return std::nullopt;
    }
    found->second.created = true;
    turn.house.producers.insert(pending.object, member.self);
    tell_added(turn, *turn.house.rooms.find(member.room), member, found->second);
    return one_id(pending.object);
}

Answer close_producer(Call& call) {
    const Producer* producer = named(call.data, "producerId", call.member.producers);
    if (!producer) return refuse(ErrorCode::NotFound, "no such producer");
    const uint64_t id = producer->id;
    forget_producer(call.turn, call.room, call.member, id);
    if (auto* link = worker_of(call)) link->ask(workers::CloseProducer{id});
    return done();
}

Answer pause_producer(Call& call) {
    return set_paused_by_client(call, true);
}

Answer resume_producer(Call& call) {
    return set_paused_by_client(call, false);
}

Answer pause_consumer(Call& call) {
    return set_consumer_paused(call, true);
}

Answer resume_consumer(Call& call) {
    return set_consumer_paused(call, false);
}

Answer accept_for_consumer(Call& call) {
    if (!named(call.data, "consumerId", call.member.consumers)) {
        return refuse(ErrorCode::NotFound, "no such consumer");
    }
    return done();
}

}  // namespace parley::controller
