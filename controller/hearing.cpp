#include "controller/hearing.h"

#include <algorithm>

#include "common/base/ensure.h"
#include "common/json/json.h"
#include "controller/crossing.h"
#include "controller/signalling/ortc.h"
#include "controller/slots.h"

namespace parley::controller {

namespace {

using workers::Pending;
using workers::Purpose;

std::string cname_of(const Producer& producer) {
    return producer.cname.empty() ? "p" + std::to_string(producer.id) : producer.cname;
}

// Has the listener's worker make the consumer: of the voice itself, or of what comes out of a pipe.
void consume(Turn& turn, Member& listener, const Consumer& consumer, const Producer& producer) {
    const auto crossing = producer.crossings.find(*listener.worker);
    const bool here = crossing == producer.crossings.end();
    if (!here && !crossing->second.arrived) return;  // see consume_arrived
    turn.house.link(listener)->ask(
        workers::Consume{consumer.transport, consumer.id,
                         here ? producer.id : crossing->second.producer,
                         signalling::kOpusPayloadType, consumer.mid,
                         signalling::consumer_extensions(listener.ability), cname_of(producer)},
        Pending{Purpose::Consume, listener.self.index, listener.self.generation, consumer.id, 0});
}

// A worker chooses for a listener's slots among all that it has: those of other workers, too.
void bring(Turn& turn, Room& room, Member& listener, Member& speaker, Producer& producer) {
    if (speaker.worker == listener.worker || listener.brought.contains(producer.id)) return;
    if (!cross(turn, room, speaker, producer, *listener.worker)) return;
    listener.brought.insert(producer.id);
}

// Counts whether a voice of another worker is paused by this listener.
void sleep(Turn& turn, Member& listener, uint64_t number, bool asleep) {
    Member& speaker = *turn.house.members.find(*turn.house.producers.find(number));
    if (speaker.worker == listener.worker || listener.asleep.contains(number) == asleep) return;
    asleep ? void(listener.asleep.insert(number)) : void(listener.asleep.erase(number));
    pause_ear(turn, speaker, speaker.producers.at(number), *listener.worker, asleep);
}

void release(Turn& turn, Room& room, Member& listener, uint64_t producer) {
    Member& speaker = *turn.house.members.find(*turn.house.producers.find(producer));
    if (speaker.worker == listener.worker) return;
    sleep(turn, listener, producer, false);
    release_ear(turn, room, speaker, speaker.producers.at(producer), *listener.worker);
}

void hear(Turn& turn, Room& room, Member& listener, Member& speaker, Producer& producer) {
    if (&listener == &speaker || !speaker.joined || !producer.created) return;
    if (!listener.can_hear() || listener.hearing.contains(producer.id)) return;
    Transport* transport = listener.receiving();
    if (!transport) return;
    if (listener.slots > 0) return bring(turn, room, listener, speaker, producer);
    if (speaker.worker != listener.worker &&
        !cross(turn, room, speaker, producer, *listener.worker)) {
        return;
    }
    Consumer consumer;
    consumer.id = turn.new_id();
    consumer.transport = transport->id;
    consumer.producer = producer.id;
    consumer.mid = std::to_string(transport->next_mid++);
    consume(turn, listener, consumer, producer);
    listener.hearing.emplace(producer.id, consumer.id);
    listener.consumers.emplace(consumer.id, std::move(consumer));
}

void log_refusal(Turn& turn, const Member& listener, const workers::Reply& reply) {
    const Room& room = *turn.house.rooms.find(listener.room);
    log(turn, Level::Warning, "cannot hear a voice: " + reply.reason, room, listener);
}

void tell_removed(Turn& turn, Room& room, const Member& speaker, uint64_t producer) {
    JsonWriter data;
    data.object().text("peer", speaker.id).text("producer", std::to_string(producer));
    tell(turn, room, "track.removed", data.end_object().take());
}

}  // namespace

void hear_all(Turn& turn, Room& room, Member& listener) {
    if (!listener.can_hear() || !listener.receiving()) return;
    if (listener.slots > 0) open_slots(turn, room, listener);
    for (const auto& [id, handle] : room.peers) {
        Member& speaker = *turn.house.members.find(handle);
        for (auto& [number, producer] : speaker.producers) {
            hear(turn, room, listener, speaker, producer);
        }
    }
}

void be_heard(Turn& turn, Room& room, Member& speaker) {
    if (speaker.producers.empty()) return;
    tell_audio(turn, room, speaker);
    for (const auto& [id, handle] : room.peers) {
        Member& listener = *turn.house.members.find(handle);
        for (auto& [number, producer] : speaker.producers) {
            hear(turn, room, listener, speaker, producer);
        }
    }
}

void consume_arrived(Turn& turn, const Room& room, const Producer& producer, WorkerIndex in) {
    for (const auto& [id, handle] : room.peers) {
        Member& listener = *turn.house.members.find(handle);
        const auto hears = listener.hearing.find(producer.id);
        if (listener.worker != in || hears == listener.hearing.end()) continue;
        consume(turn, listener, listener.consumers.at(hears->second), producer);
    }
}

void stop_hearing(Turn& turn, Room& room, uint64_t producer, WorkerIndex in) {
    for (const auto& [id, handle] : room.peers) {
        Member& listener = *turn.house.members.find(handle);
        if (listener.worker != in) continue;
        const auto hears = listener.hearing.find(producer);
        if (hears != listener.hearing.end()) lose_consumer(turn, room, listener, hears->second);
        if (listener.brought.erase(producer)) release(turn, room, listener, producer);
    }
}

void on_consumed(Turn& turn, Member& listener, uint64_t number, const workers::Reply& reply) {
    const auto found = listener.consumers.find(number);
    if (found == listener.consumers.end()) return;  // its producer has gone meanwhile
    const auto* consumed = std::get_if<workers::Consumed>(&reply.body);
    if (!consumed || reply.refusal != workers::Refusal::None) {
        log_refusal(turn, listener, reply);
        return forget_consumer(turn, *turn.house.rooms.find(listener.room), listener, number);
    }
    Consumer& consumer = found->second;
    consumer.created = true;
    consumer.ssrc = consumed->ssrc;
    listener.session.ask("newConsumer", write_consumer(turn.house, listener, consumer), number,
                         turn.out);
}

void make_ready(Turn& turn, Member& listener, uint64_t number) {
    const auto found = listener.consumers.find(number);
    if (found == listener.consumers.end()) return;
    Consumer& consumer = found->second;
    if (consumer.ready || !consumer.created) return;
    consumer.ready = true;
    auto* link = turn.house.link(listener);
    if (link && !consumer.paused()) link->ask(workers::PauseConsumer{number, false});
}

void close_consumer(Turn& turn, Member& listener, uint64_t number) {
    if (!listener.consumers.contains(number)) return;
    if (auto* link = turn.house.link(listener)) link->ask(workers::CloseConsumer{number});
    forget_consumer(turn, *turn.house.rooms.find(listener.room), listener, number);
}

void on_consumer_paused(Turn& turn, Member& listener, const Consumer& consumer) {
    if (!consumer.slot) return sleep(turn, listener, consumer.producer, consumer.paused_by_client);
    const bool all = std::all_of(
        listener.consumers.begin(), listener.consumers.end(),
        [](const auto& entry) { return !entry.second.slot || entry.second.paused_by_client; });
    for (const uint64_t producer : listener.brought) sleep(turn, listener, producer, all);
}

void forget_consumer(Turn& turn, Room& room, Member& listener, uint64_t number) {
    const auto found = listener.consumers.find(number);
    if (found == listener.consumers.end()) return;
    const uint64_t heard = found->second.producer;  // 0: a slot
    listener.forget_consumer(number);
    if (heard != 0) release(turn, room, listener, heard);
}

void forget_consumers(Turn& turn, Room& room, Member& listener) {
    while (!listener.consumers.empty()) {
        forget_consumer(turn, room, listener, listener.consumers.begin()->first);
    }
    for (const uint64_t producer : std::exchange(listener.brought, {})) {
        release(turn, room, listener, producer);
    }
}

void lose_consumer(Turn& turn, Room& room, Member& listener, uint64_t number) {
    const bool known = listener.consumers.at(number).created;
    forget_consumer(turn, room, listener, number);
    if (!known) return;
    notify(turn, listener, "consumerClosed", one_text("consumerId", std::to_string(number)));
}

void settle_pause(Turn& turn, Room& room, Member& speaker, const Producer& producer,
                  bool was_paused) {
    const bool paused = speaker.paused(producer);
    if (paused == was_paused) return;
    if (auto* link = turn.house.link(speaker)) {
        link->ask(workers::PauseProducer{producer.id, paused || !speaker.joined});
    }
    pause_crossings(turn, room, producer, paused);
    tell_audio(turn, room, speaker);
    for (const auto& [id, handle] : room.peers) {
        Member& listener = *turn.house.members.find(handle);
        const auto hears = listener.hearing.find(producer.id);
        if (hears == listener.hearing.end()) continue;
        // One that the client does not know of yet says producerPaused itself.
        if (!listener.consumers.at(hears->second).created) continue;
        notify(turn, listener, paused ? "consumerPaused" : "consumerResumed",
               one_text("consumerId", std::to_string(hears->second)));
    }
}

void forget_producer(Turn& turn, Room& room, Member& speaker, uint64_t number) {
    const auto found = speaker.producers.find(number);
    ENSURE(found != speaker.producers.end());
    const bool created = found->second.created;
    close_crossings(turn, room, speaker, found->second);
    speaker.producers.erase(found);
    if (!created) return;
    turn.house.producers.erase(number);
    tell_audio(turn, room, speaker);
    for (const auto& [id, handle] : room.peers) {
        Member& listener = *turn.house.members.find(handle);
        listener.brought.erase(number);
        listener.asleep.erase(number);
        const auto hears = listener.hearing.find(number);
        if (hears == listener.hearing.end()) continue;
        const uint64_t consumer = hears->second;
        const bool known = listener.consumers.at(consumer).created;
        listener.forget_consumer(consumer);
        if (!known) continue;
        notify(turn, listener, "consumerClosed", one_text("consumerId", std::to_string(consumer)));
    }
    tell_removed(turn, room, speaker, number);
}

void forget_media_of_closing_room(Turn& turn, Room& room, Member& member) {
    for (auto& [id, producer] : member.producers) {
        close_crossings(turn, room, member, producer);
        if (turn.house.producers.erase(id)) tell_removed(turn, room, member, id);
    }
    for (const auto& [id, transport] : member.transports) turn.house.forget_transport(id);
    member.transports.clear();
    member.producers.clear();
    member.consumers.clear();
    member.hearing.clear();
    member.brought.clear();
    member.asleep.clear();
}

std::string write_consumer(const House& house, const Member& listener, const Consumer& consumer) {
    if (consumer.slot) return write_slot(house, listener, consumer);
    const auto* owner = house.producers.find(consumer.producer);
    ENSURE(owner != nullptr);  // a consumer never outlives its producer
    const Member& speaker = *house.members.find(*owner);
    const Producer& producer = speaker.producers.at(consumer.producer);
    JsonWriter out;
    out.object().text("peerId", speaker.id).text("producerId", std::to_string(producer.id));
    out.text("id", std::to_string(consumer.id)).text("kind", "audio");
    out.raw("rtpParameters", signalling::write_consumer_parameters(
                                 consumer.mid, consumer.ssrc, cname_of(producer),
                                 signalling::consumer_extensions(listener.ability)));
    out.text("type", "simple").raw("appData", producer.app_data);
    return out.flag("producerPaused", speaker.paused(producer)).end_object().take();
}

}  // namespace parley::controller
