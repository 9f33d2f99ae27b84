#include "controller/slots.h"

#include <algorithm>
#include <cstdlib>

#include "common/base/ensure.h"
#include "common/json/json.h"
#include "controller/pipe_rules.h"
#include "controller/signalling/ortc.h"

namespace parley::controller {

namespace {

using workers::Pending;
using workers::Purpose;

constexpr std::string_view kCname = "slots";

// nullptr: nobody, or one who has gone meanwhile.
const Member* speaker_of(const House& house, const Room& room, uint32_t csrc) {
    const auto found = room.speakers.find(csrc);
    return found == room.speakers.end() ? nullptr : house.members.find(found->second);
}

void write_speaker(JsonWriter& out, const Member* speaker) {
    out.key("peerId");
    speaker ? out.text(speaker->id) : out.null();
}

bool has_slots(const Member& listener, uint64_t transport) {
    return std::any_of(listener.consumers.begin(), listener.consumers.end(),
                       [&](const auto& entry) {
                           return entry.second.slot && entry.second.transport == transport;
                       });
}

bool names(const Member& listener, const std::string& peer) {
    const auto& pinned = listener.pinned_peers;
    return listener.muted_peers.contains(peer) ||
           std::find(pinned.begin(), pinned.end(), peer) != pinned.end();
}

}  // namespace

void open_slots(Turn& turn, Room& room, Member& listener) {
    auto* link = turn.house.link(listener);
    Transport* transport = listener.receiving();
    if (!link || !transport || !listener.can_hear() || has_slots(listener, transport->id)) return;
    workers::ConsumeSlots ask{transport->id,
                              {},
                              listener.csrc,
                              signalling::kOpusPayloadType,
                              signalling::consumer_extensions(listener.ability),
                              std::string(kCname),
                              slot_rules(turn.house, room, listener)};
    for (uint32_t i = 0; i < listener.slots; ++i) {
        Consumer consumer;
        consumer.id = turn.new_id();
        consumer.transport = transport->id;
        consumer.mid = std::to_string(transport->next_mid++);
        consumer.slot = i;
        ask.slots.push_back({consumer.id, consumer.mid});
        listener.consumers.emplace(consumer.id, std::move(consumer));
    }
    turn.house.listeners.insert(transport->id, listener.self);
    link->ask(std::move(ask), Pending{Purpose::Slots, listener.self.index, listener.self.generation,
                                      transport->id, 0});
}

void on_slots_consumed(Turn& turn, Member& listener, uint64_t transport,
                       const workers::Reply& reply) {
    const auto* consumed = std::get_if<workers::SlotsConsumed>(&reply.body);
    const bool refused = reply.refusal != workers::Refusal::None || !consumed;
    std::vector<uint64_t> asked;
    for (const auto& [id, consumer] : listener.consumers) {
        if (consumer.slot && consumer.transport == transport && !consumer.created) {
            asked.push_back(id);
        }
    }
    for (const uint64_t id : asked) {
        Consumer& consumer = listener.consumers.at(id);
        if (refused || *consumer.slot >= consumed->ssrcs.size()) {
            listener.forget_consumer(id);
            continue;
        }
        consumer.created = true;
        consumer.ssrc = consumed->ssrcs[*consumer.slot];
        listener.session.ask("newConsumer", write_slot(turn.house, listener, consumer), id,
                             turn.out);
    }
    if (!refused) return;
    turn.house.listeners.erase(transport);
    log(turn, Level::Warning, "cannot hear in slots: " + reply.reason,
        *turn.house.rooms.find(listener.room), listener);
}

// Those of one listener come together.
void on_slot_speakers(Turn& turn, const workers::SlotSpeakers& speakers) {
    for (auto at = speakers.slots.begin(); at != speakers.slots.end();) {
        const uint64_t transport = at->transport;
        const auto* handle = turn.house.listeners.find(transport);
        Member* listener = handle ? turn.house.members.find(*handle) : nullptr;
        JsonWriter data;
        data.object().key("slots").array();
        bool news = false;
        for (; at != speakers.slots.end() && at->transport == transport; ++at) {
            if (!listener) continue;
            const auto found = listener->consumers.find(at->consumer);
            if (found == listener->consumers.end() || !found->second.slot) continue;
            found->second.csrc = at->csrc;
            if (!found->second.created) continue;  // its newConsumer will say so
            news = true;
            const Room& room = *turn.house.rooms.find(listener->room);
            data.object().text("consumerId", std::to_string(at->consumer));
            write_speaker(data, speaker_of(turn.house, room, at->csrc));
            data.end_object();
        }
        if (news) notify(turn, *listener, "slotSpeakers", data.end_array().end_object().take());
    }
}

workers::SlotRules slot_rules(const House& house, const Room& room, const Member& listener) {
    workers::SlotRules rules;
    for (const std::string& id : listener.muted_peers) {
        if (const Member* peer = house.member(room, id)) rules.muted.push_back(peer->csrc);
    }
    for (const std::string& id : listener.pinned_peers) {
        if (const Member* peer = house.member(room, id)) rules.pinned.push_back(peer->csrc);
    }
    return rules;
}

void settle_rules(Turn& turn, Room& room, Member& listener) {
    auto* link = turn.house.link(listener);
    const Transport* transport = listener.receiving();
    await_pipe_rules(turn, room);
    if (!link || !transport || !has_slots(listener, transport->id)) return;
    link->ask(workers::SetSlotRules{transport->id, slot_rules(turn.house, room, listener)});
}

void settle_rules_about(Turn& turn, Room& room, const Member& peer) {
    for (const auto& [id, handle] : room.peers) {
        Member& listener = *turn.house.members.find(handle);
        if (&listener != &peer && names(listener, peer.id)) settle_rules(turn, room, listener);
    }
}

void recover_slots(Turn& turn, Room& room, Member& listener,
                   const workers::TransportSnapshot& snapshot) {
    Transport& own = listener.transports.at(snapshot.transport);
    const bool wanted = snapshot.slots.size() == listener.slots && listener.can_hear();
    for (uint32_t i = 0; i < snapshot.slots.size(); ++i) {
        const workers::SlotSnapshot& known = snapshot.slots[i];
        if (!wanted) {
            turn.house.link(listener)->ask(workers::CloseConsumer{known.consumer});
            continue;
        }
        Consumer consumer;
        consumer.id = known.consumer;
        consumer.transport = snapshot.transport;
        consumer.ssrc = known.ssrc;
        consumer.mid = known.mid;
        consumer.created = true;
        consumer.ready = !known.paused;
        consumer.slot = i;
        consumer.csrc = known.csrc;
        own.next_mid = std::max(
            own.next_mid, static_cast<uint32_t>(std::strtoul(known.mid.c_str(), nullptr, 10)) + 1);
        listener.consumers.emplace(known.consumer, std::move(consumer));
        turn.house.listeners.insert(snapshot.transport, listener.self);
    }
    for (const uint32_t csrc : snapshot.rules.muted) {
        const Member* peer = speaker_of(turn.house, room, csrc);
        if (peer) listener.muted_peers.insert(peer->id);
    }
    for (const uint32_t csrc : snapshot.rules.pinned) {
        const Member* peer = speaker_of(turn.house, room, csrc);
        if (peer && !names(listener, peer->id)) listener.pinned_peers.push_back(peer->id);
    }
}

std::string_view audio_of(const Member& speaker) {
    bool any = false, live = false;
    for (const auto& [id, producer] : speaker.producers) {
        if (!producer.created) continue;
        any = true;
        live = live || !speaker.paused(producer);
    }
    return live ? "live" : any ? "muted" : "none";
}

void tell_audio(Turn& turn, const Room& room, const Member& speaker) {
    if (!speaker.joined) return;
    JsonWriter data;
    data.object().text("peerId", speaker.id).text("audio", audio_of(speaker));
    const std::string text = data.end_object().take();
    for (const auto& [id, handle] : room.peers) {
        Member& listener = *turn.house.members.find(handle);
        if (&listener == &speaker || !listener.joined || listener.slots == 0) continue;
        notify(turn, listener, "peerAudio", text);
    }
}

std::string write_slot(const House& house, const Member& listener, const Consumer& consumer) {
    ENSURE(consumer.slot.has_value());
    const Room& room = *house.rooms.find(listener.room);
    JsonWriter out;
    out.object();
    write_speaker(out, speaker_of(house, room, consumer.csrc));
    out.text("producerId", "").text("id", std::to_string(consumer.id)).text("kind", "audio");
    out.raw("rtpParameters", signalling::write_consumer_parameters(
                                 consumer.mid, consumer.ssrc, kCname,
                                 signalling::consumer_extensions(listener.ability)));
    out.text("type", "simple").raw("appData", "{}").flag("producerPaused", false);
    return out.number("slot", uint64_t{*consumer.slot}).end_object().take();
}

}  // namespace parley::controller
