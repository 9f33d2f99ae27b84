#include "controller/rooms/peer.h"

#include "common/base/ensure.h"

namespace parley::controller::rooms {

Transport* Peer::receiving() {
    for (auto at = transports.rbegin(); at != transports.rend(); ++at) {
        if (at->second.consuming && at->second.created) return &at->second;
    }
    return nullptr;
}

void Peer::forget_consumer(uint64_t consumer) {
    const auto found = consumers.find(consumer);
    if (found == consumers.end()) return;
    if (!found->second.slot) hearing.erase(found->second.producer);
    consumers.erase(found);
}

PeerInfo Peer::info(bool connected) const {
    PeerInfo info;
    info.id = id;
    info.display_name = display_name;
    info.device = device;
    info.joined = joined;
    info.connected = connected;
    info.since = since;
    for (const auto& [number, producer] : producers) {
        if (!producer.created) continue;
        info.producers.push_back({std::to_string(number), paused(producer), muted});
    }
    return info;
}

void Peer::ensure_invariants() const {
    size_t in_slots = 0;
    for (const auto& [number, consumer] : consumers) {
        if (!consumer.slot) continue;
        ENSURE(consumer.producer == 0 && *consumer.slot < slots);
        ++in_slots;
    }
    ENSURE(hearing.size() + in_slots == consumers.size());
    for (const auto& [producer, consumer] : hearing) {
        ENSURE(consumers.at(consumer).producer == producer);
        ENSURE(!producers.contains(producer));  // nobody hears itself
    }
    for (const auto& [number, consumer] : consumers) {
        ENSURE(consumer.id == number && transports.contains(consumer.transport));
        ENSURE(consumer.created || !consumer.ready);
    }
    for (const auto& [number, producer] : producers) {
        ENSURE(producer.id == number && transports.contains(producer.transport));
    }
    ENSURE(consumers.empty() || can_hear());
}

}  // namespace parley::controller::rooms
