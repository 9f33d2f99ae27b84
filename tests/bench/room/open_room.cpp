#include "tests/bench/room/open_room.h"

#include <algorithm>

#include "tests/bench/forward/clock.h"
#include "tests/bench/forward/failure.h"
#include "worker/net/demux.h"

namespace parley::bench {

namespace {

constexpr support::ExtensionIds kExtensions{kMidId, kAudioLevelId, kAbsSendTimeId};
constexpr srtp::Profile kProfile = srtp::Profile::AeadAes128Gcm;
constexpr uint64_t kRouter = 1;
constexpr uint64_t kRound_ns = 20'000'000;
// So many handshakes, and rounds, take less time than consent lasts.
constexpr uint32_t kFresh = 500;
constexpr uint64_t kChecked = 50;
constexpr uint64_t kLost_ns = 5'000'000'000;

// Some are louder than others; nobody is silent.
int8_t level_of(size_t person) {
    return static_cast<int8_t>(-20 - static_cast<int>(person % 30));
}

// The same pipe has one name at both of its ends.
uint64_t pipe_between(size_t one, size_t other) {
    return 100 * (std::min(one, other) + 1) + std::max(one, other) + 1;
}

}  // namespace

OpenRoom::OpenRoom(const RoomPlan& plan, const WorkerFiles& files, int processor)
    : plan_(plan), people_(plan.people) {
    auto identity = dtls::Identity::make(now_instant());
    if (!identity) throw Failure("no DTLS identity: " + identity.error());
    identity_ = std::move(*identity);
    for (size_t i = 0; i < plan.workers; ++i) {
        workers_.push_back(std::make_unique<WorkerProcess>(files, processor));
        workers_.back()->client().create_router(kRouter);
    }
    for (uint32_t i = 0; i < plan.people; ++i) {
        connect(i);
        if (i % kFresh == 0) check_all();
    }
    for (size_t one = 0; one < plan.workers; ++one) {
        for (size_t other = one + 1; other < plan.workers; ++other) join_routers(one, other);
    }
    for (uint32_t i = 0; i < plan.people; ++i) listen_to_others(i);
}

void OpenRoom::connect(uint32_t index) {
    Person& person = people_[index];
    support::WorkerClient& worker = client_of(index);
    const uint64_t id = index + 1;
    person.peer.emplace_back(person.socket, worker.create_transport(kRouter, id));
    worker.connect_transport(id, identity_->fingerprints());
    person.peer.front().check();
    const Peer::Keys keys = person.peer.front().shake_hands(*identity_, kProfile);
    if (index < plan_.speakers) speak_up(index, keys.to_worker);
}

// Of those who are connected.
void OpenRoom::check_all() {
    for (Person& person : people_) {
        if (!person.peer.empty()) person.peer.front().check();
    }
}

void OpenRoom::speak_up(uint32_t index, const srtp::Master& key) {
    Person& person = people_[index];
    const uint64_t id = index + 1;
    person.speaker.emplace_back(person.socket, person.peer.front().worker(), index, kProfile, key);
    client_of(index).produce({id, id, person.speaker.front().ssrc(), kPayloadType,
                              std::string(kMid), kExtensions, index + 1});
}

void OpenRoom::join_routers(size_t one, size_t other) {
    support::WorkerClient &here = workers_[one]->client(), &there = workers_[other]->client();
    const uint64_t pipe = pipe_between(one, other);
    const support::PipeEnd our_end = here.create_pipe(pipe), their_end = there.create_pipe(pipe);
    here.connect_pipe(pipe, their_end);
    there.connect_pipe(pipe, our_end);
    pipe_voices(one, other);
    pipe_voices(other, one);
}

// A voice is a producer of the same name in every worker.
void OpenRoom::pipe_voices(size_t from, size_t to) {
    const uint64_t pipe = pipe_between(from, to);
    bool any = false;
    for (uint32_t i = 0; i < plan_.speakers; ++i) {
        if (worker_of(i) != from) continue;
        const support::PipedStream stream =
            workers_[from]->client().pipe_consume({kRouter, pipe, next_id_++, i + 1});
        workers_[to]->client().pipe_produce({kRouter, pipe, i + 1, stream, kPayloadType, i + 1});
        any = true;
    }
    if (any && plan_.slots > 0) {
        // Of the loudest one may be the listener itself.
        workers_[from]->client().set_pipe_rule(kRouter, pipe,
                                               static_cast<uint8_t>(plan_.slots + 1));
    }
}

void OpenRoom::listen_to_others(uint32_t index) {
    if (copies_of_a_round(index) == 0) return;
    support::WorkerClient& worker = client_of(index);
    if (plan_.slots > 0) {
        std::vector<uint64_t> ids;
        for (size_t i = 0; i < plan_.slots; ++i) ids.push_back(next_id_++);
        return worker.consume_slots({index + 1, ids, index + 1, kPayloadType, kExtensions});
    }
    for (uint32_t other = 0; other < plan_.speakers; ++other) {
        if (other == index) continue;
        worker.consume(
            {index + 1, next_id_++, other + 1, kPayloadType, std::to_string(other), kExtensions});
    }
}

uint64_t OpenRoom::copies_of_a_round(size_t person) const {
    const bool speaks = person < plan_.speakers;
    if (speaks && !plan_.speakers_hear) return 0;
    const size_t others = plan_.speakers - (speaks ? 1 : 0);
    return plan_.slots > 0 ? std::min(plan_.slots, others) : others;
}

// The copies that have come, to all of them.
uint64_t OpenRoom::hear() {
    uint64_t heard = 0;
    for (Person& person : people_) {
        while (const size_t count = reader_.read(person.socket.fd())) {
            for (size_t i = 0; i < count; ++i) {
                const bool voice = net::protocol_of(reader_.datagram(i)) == net::Protocol::Rtp;
                person.heard += voice;
                heard += voice;
            }
            if (count < DatagramReader::kBatch) break;
        }
    }
    return heard;
}

CpuTime OpenRoom::cpu_time() const {
    CpuTime sum;
    for (const auto& worker : workers_) {
        const CpuTime one = cpu_time_of(worker->pid());
        sum.ran_ns += one.ran_ns;
        sum.waited_ns += one.waited_ns;
    }
    return sum;
}

uint64_t OpenRoom::allocations() const {
    uint64_t sum = 0;
    for (const auto& worker : workers_) sum += worker->allocations();
    return sum;
}

std::string OpenRoom::lost(uint64_t copies) {
    std::string text = std::to_string(copies) + " copies have not come for five seconds; dropped:";
    for (const auto& worker : workers_) {
        for (const auto& [why, count] : worker->client().counts().drops) {
            text += " " + std::to_string(count) + " " + why;
        }
    }
    return text;
}

Cost OpenRoom::talk(uint64_t rounds) {
    hear();
    uint64_t copies = 0;
    for (size_t i = 0; i < people_.size(); ++i) {
        people_[i].heard = 0;
        copies += copies_of_a_round(i);
    }
    Cost cost;
    const uint64_t begun = now_ns();
    const CpuTime before = cpu_time();
    const uint64_t allocations_before = allocations();
    for (uint64_t due = begun; cost.rounds < rounds; ++cost.rounds) {
        if (cost.rounds % kChecked == 0) check_all();
        while (now_ns() < due) {
        }
        due = std::max(due + kRound_ns, now_ns());
        for (size_t i = 0; i < plan_.speakers; ++i) {
            people_[i].speaker.front().speak(now_ns(), level_of(i));
        }
        const uint64_t said = now_ns();
        for (uint64_t heard = 0; heard < copies;) {
            heard += hear();
            if (now_ns() > said + kLost_ns) throw Failure(lost(copies - heard));
        }
    }
    for (size_t i = 0; i < people_.size(); ++i) {
        const uint64_t heard = people_[i].heard, wanted = rounds * copies_of_a_round(i);
        cost.heard += heard;
        // A slot that goes over to another voice in the middle of a round carries both.
        require(heard == wanted || (plan_.slots > 0 && heard > wanted),
                "somebody heard less or more than there was");
    }
    cost.allocations = allocations() - allocations_before;
    cost.cpu_ms = static_cast<double>((cpu_time() - before).ran_ns) / 1e6;
    return cost;
}

}  // namespace parley::bench
