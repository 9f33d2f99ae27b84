#include "controller/hearing.h"
#include "controller/membership.h"
#include "controller/methods.h"
#include "controller/signalling/ortc.h"
#include "controller/slots.h"

namespace parley::controller {

namespace {

constexpr size_t kNameBytes = 256;
constexpr size_t kDeviceBytes = 1024;

}  // namespace

Answer get_router_rtp_capabilities(Call&) {
    return std::string(signalling::router_rtp_capabilities());
}

Answer join(Call& call) {
    Member& member = call.member;
    if (member.joined) return refuse(ErrorCode::Conflict, "already joined");
    JsonFields in(call.data);
    const std::string_view name = in.text_or("displayName", kNameBytes, "");
    const Json device = in.object_or_nothing("device");
    const Json capabilities = in.object_or_nothing("rtpCapabilities");
    const Json audio = in.object_or_nothing("audio");
    if (!in.ok()) return refuse(ErrorCode::Malformed, in.error());
    std::string device_json = device.present() ? device.dump() : "{}";
    if (device_json.size() > kDeviceBytes) {
        return refuse(ErrorCode::Malformed, "data.device: wanted at most 1024 bytes");
    }
    if (capabilities.present()) {
        const auto ability = signalling::parse_rtp_capabilities(capabilities);
        if (!ability) return Result<std::string>(base::Err{ability.error()});
        member.ability = *ability;
    }
    if (audio.present()) {
        JsonFields wanted(audio);
        const uint64_t slots = wanted.number_or("slots", kMostSlots, 0);
        if (!wanted.ok()) return refuse(ErrorCode::Malformed, "data.audio: " + wanted.error());
        member.slots = static_cast<uint32_t>(slots);
    }
    member.joined = true;
    ++call.turn.house.tally.joins;
    call.turn.house.tally.join.observe(call.turn.now - member.since);
    if (auto* link = worker_of(call)) {
        for (const auto& [id, producer] : member.producers) {
            if (!member.paused(producer)) link->ask(workers::PauseProducer{id, false});
        }
    }
    member.display_name = name;
    member.device = std::move(device_json);
    keep_app_data(call.turn, member);
    notify_others(call.turn, call.room, &member, "newPeer", write_peer(member));
    JsonWriter event;
    event.object().text("peer", member.id).text("displayName", member.display_name).end_object();
    tell(call.turn, call.room, "peer.joined", event.take());
    log(call.turn, Level::Info, "joined", call.room, member);
    JsonWriter out;
    out.object().raw("peers", write_other_peers(call.turn.house, call.room, member));
    return out.end_object().take();
}

Answer change_display_name(Call& call) {
    Member& member = call.member;
    JsonFields in(call.data);
    const std::string_view name = in.text("displayName", kNameBytes);
    if (!in.ok()) return refuse(ErrorCode::Malformed, in.error());
    if (!member.joined) return refuse(ErrorCode::Conflict, "join first");
    JsonWriter data;
    data.object().text("peerId", member.id).text("displayName", name);
    data.text("oldDisplayName", member.display_name).end_object();
    member.display_name = name;
    keep_app_data(call.turn, member);
    notify_others(call.turn, call.room, &member, "peerDisplayNameChanged", data.take());
    return done();
}

Answer leave(Call& call) {
    call.member.session.answer(call.request, signalling::write_response(call.request, "{}"),
                               call.turn.out);
    remove_member(call.turn, call.member, Leaving::Left);
    return std::nullopt;
}

Answer sync(Call& call) {
    Member& member = call.member;
    JsonWriter out;
    out.object().raw("peers", write_other_peers(call.turn.house, call.room, member));
    out.key("transports").array();
    for (const auto& [id, transport] : member.transports) out.text(std::to_string(id));
    out.end_array().key("producers").array();
    for (const auto& [id, producer] : member.producers) {
        if (!producer.created) continue;
        out.object().text("id", std::to_string(id)).text("kind", "audio");
        out.flag("paused", member.paused(producer)).end_object();
    }
    out.end_array().key("consumers").array();
    for (const auto& [id, consumer] : member.consumers) {
        if (!consumer.created) continue;
        out.raw(write_consumer(call.turn.house, member, consumer));
        // What was asked before the restart will not be answered; this is how the client knows.
        if (member.recovered) make_ready(call.turn, member, id);
    }
    return out.end_array().end_object().take();
}

}  // namespace parley::controller
