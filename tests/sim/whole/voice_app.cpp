#include "tests/sim/whole/voice_app.h"

#include "common/cluster/codec.h"
#include "common/cluster/names.h"

namespace parley::sim {

namespace {

constexpr const char* kAnswers = "app.answers";
constexpr base::Duration kAnswerMost = 60s;
constexpr base::Duration kRemembered = 5min;

cluster::Topology topology() {
    cluster::Topology topology = cluster::common_topology(cluster::Assignment::RouterService);
    topology.queues.push_back({.name = kAnswers});
    return topology;
}

}  // namespace

VoiceApp::VoiceApp(World& world, VirtualBroker& broker, uint32_t number)
    : world_(world),
      broker_(broker),
      client_(world, broker, number, topology(), 5s,
              {.on_up = [] {},
               .on_down = [] {},
               .on_delivery = [this](const cluster::Delivery& d) { on_delivery(d); },
               .on_confirmed = [](uint64_t) {}}) {
    client_.consume(kAnswers, 1000);
}

void VoiceApp::ask(const cluster::Command& command, OnAnswer on_answer) {
    ++figures_.commands;
    asked_.push_back({world_.now(), std::string(cluster::type_of(command)), std::move(on_answer)});
    client_.publish({.exchange = std::string(cluster::kCommands),
                     .key = std::string(cluster::kRoomsKey),
                     .body = cluster::write(command),
                     .reply_to = kAnswers,
                     .correlation_id = "app-" + std::to_string(++last_)});
}

void VoiceApp::on_delivery(const cluster::Delivery& delivery) {
    client_.acknowledge(delivery.tag);
    const uint64_t number = std::stoull(delivery.correlation_id.substr(4));
    Asked* asked = number < first_ ? nullptr : &asked_[number - first_];
    if (asked == nullptr || !asked->on_answer) {
        ++figures_.again;
        if (!broker_.may_have_doubled(delivery.correlation_id)) {
            world_.broken("command " + delivery.correlation_id + " was answered twice");
        }
        return;
    }
    const auto answer = cluster::parse_answer(delivery.body);
    if (!answer) return world_.broken("an answer can not be read: " + answer.error());
    ++figures_.answered;
    figures_.longest = std::max(figures_.longest, world_.now() - asked->at);
    if (answer->refusal) {
        ++figures_.refused;
        ++figures_.refusals[answer->refusal->code];
    }
    const OnAnswer on_answer = std::exchange(asked->on_answer, nullptr);
    on_answer(*answer);
}

void VoiceApp::on_second() {
    for (const Asked& asked : asked_) {
        if (world_.now() - asked.at < kAnswerMost) break;
        if (asked.on_answer) world_.broken("a " + asked.what + " was not answered");
    }
    while (!asked_.empty() && world_.now() - asked_.front().at > kRemembered) {
        asked_.pop_front();
        ++first_;
    }
}

void VoiceApp::expect_all_answered() {
    for (const Asked& asked : asked_) {
        if (asked.on_answer) world_.broken("a " + asked.what + " was never answered");
    }
}

}  // namespace parley::sim
