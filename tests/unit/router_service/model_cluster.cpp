#include "tests/unit/router_service/model_cluster.h"

#include <doctest/doctest.h>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"
#include "common/json/json.h"

namespace parley::test {

ModelReplica::ModelReplica(Clock& clock, ModelBroker& broker, uint64_t seed,
                           router_service::Options options)
    : clock_(clock), broker_(broker), random_(seed), options_(std::move(options)) {}

void ModelReplica::start() {
    ++life_;
    core_ = std::make_unique<router_service::RouterService>(options_, random_);
    connect();
}

void ModelReplica::connect() {
    ModelBroker::Connection connection;
    connection.consumes_rooms = true;
    connection.on_delivery = [this](const cluster::Delivery& delivery) {
        turn([&](Instant now, auto& out) { core_->on_delivery(now, delivery, out); });
    };
    connection.on_confirmed = [this](uint64_t id) {
        turn([&](Instant now, auto& out) { core_->on_confirmed(now, id, out); });
    };
    link_ = broker_.connect(std::move(connection));
    turn([&](Instant now, auto& out) { core_->on_connected(now, out); });
}

void ModelReplica::die() {
    core_.reset();
    outputs_left_.reset();
    tick_at_ = Instant::never();
    broker_.cut(link_);
}

void ModelReplica::lose_connection() {
    broker_.cut(link_);
    turn([&](Instant now, auto& out) { core_->on_disconnected(now, out); });
    clock_.after(300ms, [this, life = life_] {
        if (core_ && life == life_) connect();
    });
}

void ModelReplica::die_within(size_t outputs) {
    outputs_left_ = outputs;
}

template <typename Call>
void ModelReplica::turn(Call call) {
    router_service::Outputs out;
    call(clock_.now(), out);
    core_->ensure_invariants();
    for (const router_service::Output& output : out) {
        if (outputs_left_ && (*outputs_left_)-- == 0) {
            clock_.after(3s, [this] {
                if (!is_up()) start();
            });
            return die();
        }
        if (const auto* publish = std::get_if<cluster::Publish>(&output)) {
            broker_.publish(link_, *publish);
        } else if (const auto* done = std::get_if<cluster::Acknowledge>(&output)) {
            broker_.acknowledge(link_, done->tag);
        } else if (const auto* dead = std::get_if<cluster::Reject>(&output)) {
            ++broker_.dead_letters;
            broker_.acknowledge(link_, dead->tag);
        } else {
            const auto& line = std::get<router_service::Log>(output);
            log.push_back(std::to_string(clock_.now().micros()) + " " + line.server + " " +
                          line.room + " " + line.text);
        }
    }
    const Instant next = core_->next_deadline();
    if (next.is_never() || next >= tick_at_) return;
    tick_at_ = next;
    clock_.at(next, [this, life = life_] { tick(life); });
}

void ModelReplica::tick(uint64_t life) {
    if (!core_ || life != life_) return;
    tick_at_ = Instant::never();
    turn([&](Instant now, auto& out) { core_->on_deadline(now, out); });
}

ModelCluster::ModelCluster(uint64_t seed, int count, router_service::Options options)
    : random(seed), broker(clock, random) {
    for (uint64_t replica = 0; replica < 2; ++replica) {
        replicas.push_back(
            std::make_unique<ModelReplica>(clock, broker, seed * 2 + replica, options));
    }
    for (int at = 0; at < count; ++at) {
        const std::string id = "s" + std::to_string(at);
        servers.push_back(std::make_unique<ModelServer>(id, clock, broker, random));
        servers.back()->epochs = &epochs_;
    }
    app_ = broker.connect({});
    broker.on_app_answer = [this](const cluster::Delivery& delivery) {
        auto answer = cluster::parse_answer(delivery.body);
        REQUIRE(answer);
        answers_[delivery.correlation_id].push_back(std::move(*answer));
    };
}

void ModelCluster::start() {
    for (const auto& server : servers) server->start();
    for (const auto& replica : replicas) replica->start();
}

std::string ModelCluster::ask(const cluster::Command& command) {
    const std::string id = "call" + std::to_string(++last_call_);
    broker.publish(app_, {.exchange = std::string(cluster::kCommands),
                          .key = std::string(cluster::kRoomsKey),
                          .body = cluster::write(command),
                          .reply_to = "app",
                          .correlation_id = id,
                          .traceparent = traceparent});
    return id;
}

cluster::Answer ModelCluster::call(const cluster::Command& command, Duration patience) {
    const std::string id = ask(command);
    run(patience);
    REQUIRE(answers(id).size() == 1);
    return answers(id)[0];
}

std::string ModelCluster::home_in(const cluster::Answer& answer) const {
    if (answer.refusal) return answer.refusal->reason;
    const auto document = JsonDocument::parse(answer.data);
    REQUIRE(document);
    return std::string(document->root()["home"].text().value_or(""));
}

ModelServer& ModelCluster::server(std::string_view id) {
    for (const auto& server : servers) {
        if (server->id() == id) return *server;
    }
    FAIL("no server " << id);
    return *servers.front();
}

ModelReplica* ModelCluster::active() {
    for (const auto& replica : replicas) {
        if (replica->is_active()) return replica.get();
    }
    return nullptr;
}

std::vector<std::string> ModelCluster::homes(const std::string& room) const {
    std::vector<std::string> homes;
    for (const auto& server : servers) {
        if (server->rooms().contains(room)) homes.push_back(server->id());
    }
    return homes;
}

}  // namespace parley::test
