#include "tests/sim/whole/server_process.h"

#include <utility>

#include "common/cluster/names.h"

namespace parley::sim {

namespace {

using controller::Controller;
using controller::Outputs;
namespace clustering = controller::clustering;

constexpr base::Duration kHeartbeat = 5s;

clustering::Options presence_options(const ServerPlan& plan) {
    clustering::Options options;
    options.server = plan.id;
    options.region = plan.region;
    options.version = "1";
    options.signalling = "wss://" + plan.id + "/";
    options.link = "ws://" + plan.id + "/";
    options.most_rooms = plan.most_rooms;
    return options;
}

}  // namespace

ServerProcess::ServerProcess(World& world, VirtualBroker& broker, const Witness& witness,
                             uint32_t number, ServerPlan plan, Events events)
    : world_(world),
      broker_(broker),
      witness_(witness),
      random_(world.fork_random()),
      number_(number),
      waiter_(world.join(*this)),
      plan_(std::move(plan)),
      events_(std::move(events)),
      workers_(plan_.workers) {}

ServerProcess::~ServerProcess() {
    events_ = {.on_opened = [](auto&, auto) {},
               .on_closed = [](auto&, auto&) {},
               .on_peer_out = [](auto, auto) {}};
    die();
    world_.leave(waiter_);
}

void ServerProcess::start() {
    if (core_) return;
    started_ = up_since_ = measured_at_ = world_.now();
    recovering_ = true;
    controller::Options options;
    options.workers = plan_.workers;
    options.create_on_join = false;
    options.max_rooms = plan_.most_rooms;
    core_ = std::make_unique<Controller>(options, random_);
    presence_ =
        std::make_unique<clustering::Presence>(world_.now(), presence_options(plan_), random_,
                                               [](const cluster::PeerAdd& peer, base::Instant) {
                                                   return std::optional("token-of-" + peer.peer);
                                               });
    turn([](Controller& core, base::Instant now, Outputs& out) { core.on_start(now, out); });
    connect();
}

void ServerProcess::connect() {
    BrokerClient::Events events;
    events.on_up = [this] {
        up_since_ = world_.now();
        clustering::Mail mail;
        presence_->on_up(world_.now(), mail);
        deliver(std::move(mail));
        arm();
    };
    events.on_down = [this] { presence_->on_down(); };
    events.on_delivery = [this](const cluster::Delivery& delivery) {
        clustering::Mail mail;
        turn([&](Controller& core, base::Instant now, Outputs& out) {
            presence_->on_delivery(now, delivery, core, out, mail);
        });
        deliver(std::move(mail));
        arm();
    };
    events.on_confirmed = [this](uint64_t id) {
        clustering::Mail mail;
        presence_->on_confirmed(id, mail);
        deliver(std::move(mail));
    };
    cluster::Topology topology = clustering::topology(presence_options(plan_));
    std::erase_if(topology.bindings, [this](const cluster::Binding& binding) {
        return binding.queue == clustering::kDirectoryQueue && !plan_.hears_others;
    });
    client_ = std::make_unique<BrokerClient>(world_, broker_, number_, std::move(topology),
                                             kHeartbeat, std::move(events));
    client_->cut(cut_);
}

void ServerProcess::die() {
    for (Worker& worker : workers_) worker.model.reset();
    die_controller();
}

void ServerProcess::die_controller() {
    client_.reset();
    presence_.reset();
    core_.reset();
    hung_ = false;
    forget_rooms();
    for (const ConnectionId peer : std::exchange(peers_, {})) events_.on_peer_out(peer, 1006);
    arm();
}

void ServerProcess::forget_rooms() {
    for (const std::string& room : std::exchange(rooms_, {})) events_.on_closed(room, "");
}

void ServerProcess::hang(bool is_hung) {
    if (!core_ || hung_ == is_hung) return;
    hung_ = is_hung;
    client_->hang(is_hung);
    arm();
}

void ServerProcess::cut(bool is_cut) {
    cut_ = is_cut;
    if (client_) client_->cut(is_cut);
    if (!is_cut) up_since_ = world_.now();
}

ServerProcess::ConnectionId ServerProcess::admit(const std::string& room, const std::string& peer) {
    const ConnectionId connection = ++last_connection_;
    peers_.insert(connection);
    controller::Admission admission;
    admission.room = room;
    admission.peer = peer;
    turn([&](Controller& core, base::Instant now, Outputs& out) {
        core.on_connect(now, connection, admission, out);
    });
    return connection;
}

void ServerProcess::leave(ConnectionId peer) {
    if (peers_.erase(peer) == 0) return;
    turn([&](Controller& core, base::Instant now, Outputs& out) {
        core.on_disconnect(now, peer, out);
    });
}

template <typename Call>
void ServerProcess::turn(Call call) {
    Outputs out;
    call(*core_, world_.now(), out);
    pump(std::move(out));
    arm();
}

void ServerProcess::pump(Outputs out) {
    while (!out.empty()) {
        Outputs more;
        for (const controller::Output& output : out) deliver(output, more);
        out = std::move(more);
    }
}

void ServerProcess::deliver(const controller::Output& output, Outputs& more) {
    const base::Instant now = world_.now();
    if (const auto* frame = std::get_if<controller::SendToWorker>(&output)) {
        to_worker(frame->worker, frame->frame, more);
    } else if (const auto* event = std::get_if<controller::Event>(&output)) {
        on_event(*event);
    } else if (const auto* close = std::get_if<controller::CloseConnection>(&output)) {
        if (peers_.erase(close->connection) > 0) {
            events_.on_peer_out(close->connection, close->code);
        }
    } else if (const auto* connect = std::get_if<controller::ConnectWorker>(&output)) {
        if (workers_[connect->worker].model) {
            core_->on_worker_connected(now, connect->worker, more);
        } else {
            core_->on_worker_gone(now, connect->worker, "nobody there", more);
        }
    } else if (const auto* spawn = std::get_if<controller::SpawnWorker>(&output)) {
        auto& model = workers_[spawn->worker].model;
        model = std::make_unique<test::ModelWorker>(next_pid_++);
        model->most_routers = plan_.most_rooms * 2;
        core_->on_worker_connected(now, spawn->worker, more);
    } else if (const auto* kill = std::get_if<controller::KillWorker>(&output)) {
        workers_[kill->worker].model.reset();
        core_->on_worker_gone(now, kill->worker, "killed", more);
    } else if (const auto* line = std::get_if<controller::Log>(&output)) {
        if (!line->room.empty()) witness_.on_said(plan_.id, line->room, line->text);
    }
}

void ServerProcess::to_worker(uint32_t index, std::span<const uint8_t> frame, Outputs& more) {
    const double busy = used() / plan_.workers;
    const auto span = static_cast<double>((world_.now() - measured_at_).count());
    for (Worker& worker : workers_) {
        if (worker.model) worker.model->cpu_ns += static_cast<uint64_t>(span * busy * 1'000);
    }
    measured_at_ = world_.now();
    test::ModelWorker* model = workers_[index].model.get();
    if (model == nullptr) return;
    model->batches.clear();
    core_->on_worker_frame(world_.now(), index, model->on_frame(frame), more);
    if (recovering_) take_recovered();
}

// Rooms that outlived their controller are there again without an event.
void ServerProcess::take_recovered() {
    recovering_ = !core_->ready();
    for (const cluster::RoomReport& report : core_->reports()) {
        if (rooms_.insert(report.room).second) events_.on_opened(report.room, report.epoch);
    }
}

void ServerProcess::on_event(const controller::Event& event) {
    if (event.type == "room.created") {
        if (rooms_.insert(event.room).second) {
            events_.on_opened(event.room, core_->epoch(event.room));
        }
    } else if (event.type == "room.closed" && rooms_.erase(event.room) > 0) {
        events_.on_closed(event.room, event.data);
    }
    clustering::Mail mail;
    presence_->on_event(event, *core_, mail);
    deliver(std::move(mail));
}

void ServerProcess::deliver(clustering::Mail mail) {
    if (!client_) return;
    for (clustering::Output& output : mail) {
        if (auto* publish = std::get_if<cluster::Publish>(&output)) {
            client_->publish(std::move(*publish));
        } else if (const auto* done = std::get_if<cluster::Acknowledge>(&output)) {
            client_->acknowledge(done->tag);
        } else if (const auto* dead = std::get_if<cluster::Reject>(&output)) {
            world_.broken("a server could not read: " + dead->reason);
            client_->reject(*dead);
        } else if (const auto* consume = std::get_if<clustering::Consume>(&output)) {
            client_->consume(consume->queue, consume->prefetch);
        } else if (const auto* cancel = std::get_if<clustering::Cancel>(&output)) {
            client_->cancel(cancel->queue);
        } else if (const auto* line = std::get_if<controller::Log>(&output)) {
            if (!line->room.empty()) witness_.on_said(plan_.id, line->room, line->text);
        }
    }
}

void ServerProcess::on_deadline() {
    clustering::Mail mail;
    turn([&](Controller& core, base::Instant now, Outputs& out) {
        core.on_deadline(now, out);
        if (presence_->next_deadline() <= now) presence_->on_deadline(now, core, out, mail);
    });
    deliver(std::move(mail));
    arm();
}

void ServerProcess::arm() {
    if (!runs() || !presence_) return world_.set_deadline(waiter_, base::Instant::never());
    world_.set_deadline(waiter_, std::min(core_->next_deadline(), presence_->next_deadline()));
}

}  // namespace parley::sim
