#include "tests/bench/slots/open_room.h"

#include <algorithm>

#include "tests/bench/forward/clock.h"
#include "tests/bench/forward/failure.h"
#include "tests/bench/forward/usage.h"
#include "worker/net/demux.h"

namespace parley::bench {

namespace {

constexpr support::ExtensionIds kExtensions{kMidId, kAudioLevelId, kAbsSendTimeId};
constexpr srtp::Profile kProfile = srtp::Profile::AeadAes128Gcm;
constexpr uint64_t kRouter = 1;
constexpr uint64_t kRound_ns = 20'000'000;
constexpr uint64_t kLost_ns = 5'000'000'000;

// Some are louder than others; nobody is silent.
int8_t level_of(size_t person) {
    return static_cast<int8_t>(-20 - static_cast<int>(person % 30));
}

}  // namespace

OpenRoom::OpenRoom(size_t people, size_t slots, const WorkerFiles& files, int processor)
    : slots_(slots), process_(files, processor), people_(people) {
    auto identity = dtls::Identity::make(now_instant());
    if (!identity) throw Failure("no DTLS identity: " + identity.error());
    identity_ = std::move(*identity);
    process_.client().create_router(kRouter);
    for (uint32_t i = 0; i < people; ++i) connect(i);
    for (uint32_t i = 0; i < people; ++i) listen_to_others(i);
}

void OpenRoom::connect(uint32_t index) {
    Person& person = people_[index];
    support::WorkerClient& worker = process_.client();
    const uint64_t id = index + 1;
    person.peer.emplace_back(person.socket, worker.create_transport(kRouter, id));
    worker.connect_transport(id, identity_->fingerprints());
    person.peer.front().check();
    const Peer::Keys keys = person.peer.front().shake_hands(*identity_, kProfile);
    person.speaker.emplace_back(person.socket, person.peer.front().worker(), index, kProfile,
                                keys.to_worker);
    worker.produce({id, id, person.speaker.front().ssrc(), kPayloadType, std::string(kMid),
                    kExtensions, index + 1});
}

void OpenRoom::listen_to_others(uint32_t index) {
    support::WorkerClient& worker = process_.client();
    if (slots_ > 0) {
        std::vector<uint64_t> ids;
        for (size_t i = 0; i < slots_; ++i) ids.push_back(next_id_++);
        return worker.consume_slots({index + 1, ids, index + 1, kPayloadType, kExtensions});
    }
    for (uint32_t other = 0; other < people_.size(); ++other) {
        if (other == index) continue;
        worker.consume(
            {index + 1, next_id_++, other + 1, kPayloadType, std::to_string(other), kExtensions});
    }
}

uint64_t OpenRoom::copies_of_a_round() const {
    const size_t others = people_.size() - 1;
    return people_.size() * (slots_ > 0 ? std::min(slots_, others) : others);
}

// The copies that have come, to all of them.
uint64_t OpenRoom::hear() {
    uint64_t heard = 0;
    for (const Person& person : people_) {
        while (const size_t count = reader_.read(person.socket.fd())) {
            for (size_t i = 0; i < count; ++i) {
                heard += net::protocol_of(reader_.datagram(i)) == net::Protocol::Rtp;
            }
            if (count < DatagramReader::kBatch) break;
        }
    }
    return heard;
}

Cost OpenRoom::talk(uint64_t rounds) {
    for (Person& person : people_) person.peer.front().check();
    hear();
    Cost cost;
    const uint64_t begun = now_ns();
    const CpuTime before = cpu_time_of(process_.pid());
    const uint64_t sent_before = process_.client().counts().rtp_packets_sent;
    const uint64_t allocations_before = process_.allocations();
    for (uint64_t due = begun; cost.rounds < rounds; ++cost.rounds) {
        while (now_ns() < due) {
        }
        due = std::max(due + kRound_ns, now_ns());
        for (size_t i = 0; i < people_.size(); ++i) {
            people_[i].speaker.front().speak(now_ns(), level_of(i));
        }
        const uint64_t said = now_ns();
        for (uint64_t heard = 0; heard < copies_of_a_round();) {
            heard += hear();
            require(now_ns() < said + kLost_ns, "a copy has not come for five seconds");
        }
    }
    cost.allocations = process_.allocations() - allocations_before;
    cost.packets_sent = process_.client().counts().rtp_packets_sent - sent_before;
    const CpuTime used = cpu_time_of(process_.pid()) - before;
    cost.cpu_ms = static_cast<double>(used.ran_ns) / 1e6;
    cost.seconds = static_cast<double>(now_ns() - begun) / 1e9;
    return cost;
}

}  // namespace parley::bench
