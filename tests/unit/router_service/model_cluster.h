#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/router_service/model_broker.h"
#include "tests/unit/router_service/model_server.h"

namespace parley::test {

// One router-service on the model broker. It can die in the middle of what it says.
class ModelReplica {
public:
    ModelReplica(Clock& clock, ModelBroker& broker, uint64_t seed,
                 router_service::Options options = {});

    void start();
    void die();                       // start() makes another that knows nothing
    void lose_connection();           // for a moment
    void die_within(size_t outputs);  // of the next ones; it is started again 3 s later
    void die_no_more() { outputs_left_.reset(); }

    bool is_up() const { return core_ != nullptr; }
    bool is_active() const { return core_ && core_->is_active(); }
    router_service::RouterService& core() { return *core_; }

    std::vector<std::string> log;

private:
    template <typename Call>
    void turn(Call call);
    void connect();
    void tick(uint64_t life);

    Clock& clock_;
    ModelBroker& broker_;
    base::SeededRandom random_;
    router_service::Options options_;
    std::unique_ptr<router_service::RouterService> core_;
    ModelBroker::Link link_;
    uint64_t life_ = 0;
    Instant tick_at_ = Instant::never();
    std::optional<size_t> outputs_left_;
};

// An app, two router-services, and some servers, over the model broker in virtual time.
class ModelCluster {
public:
    ModelCluster(uint64_t seed, int servers, router_service::Options options = {});

    void start();
    void run(Duration time) { clock.run_until(clock.now() + time); }

    // The app asks; answers are kept under the correlation id that is returned.
    std::string ask(const cluster::Command& command);
    const std::vector<cluster::Answer>& answers(const std::string& id) { return answers_[id]; }
    // Asks, and waits for so long. REQUIRES that there is just one answer by then.
    cluster::Answer call(const cluster::Command& command, Duration patience = 4s);
    std::string home_in(const cluster::Answer& answer) const;

    ModelServer& server(std::string_view id);
    ModelReplica* active();
    // Who has this room now, by server id.
    std::vector<std::string> homes(const std::string& room) const;

    std::string traceparent;  // of what the app asks
    base::SeededRandom random;
    Clock clock;
    ModelBroker broker;
    std::vector<std::unique_ptr<ModelReplica>> replicas;
    std::vector<std::unique_ptr<ModelServer>> servers;

private:
    ModelBroker::Link app_;
    uint64_t last_call_ = 0;
    std::map<std::string, std::vector<cluster::Answer>> answers_;
    std::map<std::pair<std::string, cluster::Epoch>, std::string> epochs_;
};

}  // namespace parley::test
