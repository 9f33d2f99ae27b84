#include "tests/sim/whole/service_process.h"

#include "common/cluster/names.h"
#include "common/cluster/topology.h"

namespace parley::sim {

namespace {

constexpr const char* kBeats = "beats";
constexpr uint16_t kPrefetch = 2'000;
constexpr base::Duration kHeartbeat = 2s;

}  // namespace

ServiceProcess::ServiceProcess(World& world, VirtualBroker& broker, const Witness& witness,
                               uint32_t number, router_service::Options options)
    : world_(world),
      broker_(broker),
      witness_(witness),
      random_(world.fork_random()),
      number_(number),
      waiter_(world.join(*this)),
      options_(std::move(options)) {}

ServiceProcess::~ServiceProcess() {
    die();
    world_.leave(waiter_);
}

void ServiceProcess::start() {
    if (core_) return;
    core_ = std::make_unique<router_service::RouterService>(options_, random_);
    connect();
    arm();
}

void ServiceProcess::connect() {
    cluster::Topology topology = cluster::common_topology(cluster::Assignment::RouterService);
    cluster::add_listener(topology, kBeats, cluster::kLoad, {cluster::load_key("#")});
    BrokerClient::Events events;
    events.on_up = [this] {
        turn([](auto& core, base::Instant now, auto& out) { core.on_connected(now, out); });
    };
    events.on_down = [this] {
        turn([](auto& core, base::Instant now, auto& out) { core.on_disconnected(now, out); });
    };
    events.on_delivery = [this](const cluster::Delivery& delivery) {
        turn([&](auto& core, base::Instant now, auto& out) {
            core.on_delivery(now, delivery, out);
        });
    };
    events.on_confirmed = [this](uint64_t id) {
        turn([&](auto& core, base::Instant now, auto& out) { core.on_confirmed(now, id, out); });
    };
    client_ = std::make_unique<BrokerClient>(world_, broker_, number_, std::move(topology),
                                             kHeartbeat, std::move(events));
    client_->cut(cut_);
    client_->consume(kBeats, 0);
    client_->consume(std::string(cluster::kReplyTo), 0);
    client_->consume(std::string(cluster::kRooms), kPrefetch);
}

void ServiceProcess::die() {
    if (!core_) return;
    const router_service::Counts& counts = core_->counts();
    before_.beats += counts.beats;
    before_.assignments += counts.assignments;
    before_.moves += counts.moves;
    before_.releases += counts.releases;
    before_.second_tries += counts.second_tries;
    before_.no_capacity += counts.no_capacity;
    client_.reset();
    core_.reset();
    hung_ = false;
    arm();
}

void ServiceProcess::hang(bool is_hung) {
    if (!core_ || hung_ == is_hung) return;
    hung_ = is_hung;
    client_->hang(is_hung);
    arm();
}

void ServiceProcess::cut(bool is_cut) {
    cut_ = is_cut;
    if (client_) client_->cut(is_cut);
}

template <typename Call>
void ServiceProcess::turn(Call call) {
    router_service::Outputs out;
    call(*core_, world_.now(), out);
    for (const router_service::Output& output : out) deliver(output);
    arm();
}

void ServiceProcess::deliver(const router_service::Output& output) {
    if (const auto* publish = std::get_if<cluster::Publish>(&output)) {
        client_->publish(*publish);
    } else if (const auto* done = std::get_if<cluster::Acknowledge>(&output)) {
        client_->acknowledge(done->tag);
    } else if (const auto* dead = std::get_if<cluster::Reject>(&output)) {
        world_.broken("a command could not be read: " + dead->reason);
        client_->reject(*dead);
    } else {
        const auto& line = std::get<router_service::Log>(output);
        const std::string server = line.server.empty() ? "" : " [" + line.server + "]";
        witness_.on_said("router-service " + std::to_string(number_ - 1), line.room,
                         line.text + server);
    }
}

void ServiceProcess::on_deadline() {
    turn([](auto& core, base::Instant now, auto& out) { core.on_deadline(now, out); });
}

void ServiceProcess::arm() {
    world_.set_deadline(waiter_, runs() ? core_->next_deadline() : base::Instant::never());
}

}  // namespace parley::sim
