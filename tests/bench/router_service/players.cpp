#include "tests/bench/router_service/players.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"
#include "common/cluster/topology.h"
#include "tests/bench/forward/clock.h"

namespace parley::bench {

namespace {

constexpr auto kAssignment = cluster::Assignment::RouterService;

std::unique_ptr<shell::AmqpClient> connect(shell::Loop& loop, const std::string& url,
                                           cluster::Topology topology,
                                           shell::AmqpClient::Events events) {
    auto client = shell::AmqpClient::start(
        loop, {.url = url, .name = "bench", .topology = std::move(topology), .window = 4'096},
        std::move(events));
    if (client) return std::move(*client);
    std::fprintf(stderr, "broker: %s\n", client.error().c_str());
    std::exit(1);
}

}  // namespace

PlayedServer::PlayedServer(shell::Loop& loop, const std::string& url, std::string id)
    : loop_(loop), id_(std::move(id)), timer_(loop, [this](base::Instant now) { beat(now); }) {
    client_ =
        connect(loop, url, cluster::server_topology(id_, kAssignment),
                {.on_up = [this] { timer_.set(loop_.now()); },
                 .on_down = [](const std::string&) {},
                 .on_delivery = [this](cluster::Delivery&& delivery) { on_delivery(delivery); },
                 .on_confirmed = [](uint64_t) {},
                 .on_returned = [](uint64_t) {}});
    client_->consume(cluster::server_queue(id_), 0);
}

void PlayedServer::beat(base::Instant now) {
    timer_.set(now + 1s);
    cluster::Beat beat;
    beat.server = id_;
    beat.incarnation = 1;
    beat.number = ++number_;
    beat.load = {.capacity = 1'000, .used = 0.1, .per_peer = 0.001, .workers = 4};
    beat.whole = number_ == 1;
    beat.rooms = std::exchange(news_, {});
    client_->publish({.exchange = std::string(cluster::kLoad),
                      .key = cluster::load_key(id_),
                      .body = cluster::write(beat)});
}

void PlayedServer::on_delivery(const cluster::Delivery& delivery) {
    const auto command = cluster::parse_command(delivery.body, cluster::Origin::Service);
    const auto* open = command ? std::get_if<cluster::RoomOpen>(&*command) : nullptr;
    if (open == nullptr) return;
    ++rooms_;
    news_.push_back({open->room, open->epoch, 0, loop_.now(), open->options});
    JsonWriter json;
    cluster::write(json, cluster::RoomPlace{.room = open->room,
                                            .home = id_,
                                            .epoch = open->epoch,
                                            .signalling = "wss://" + id_ + "/",
                                            .peers = 0,
                                            .created = loop_.now(),
                                            .options = open->options});
    client_->publish({.exchange = {},
                      .key = delivery.reply_to,
                      .body = cluster::write(cluster::Answer{std::nullopt, json.take()}),
                      .correlation_id = delivery.correlation_id});
}

PlayedApp::PlayedApp(shell::Loop& loop, const std::string& url) {
    client_ =
        connect(loop, url, cluster::common_topology(kAssignment),
                {.on_up = [] {},
                 .on_down = [](const std::string&) {},
                 .on_delivery = [this](cluster::Delivery&& delivery) { on_delivery(delivery); },
                 .on_confirmed = [](uint64_t) {},
                 .on_returned = [](uint64_t) {}});
    client_->consume(std::string(cluster::kReplyTo), 0);
}

void PlayedApp::create(const std::string& prefix, size_t count, size_t at_once,
                       std::function<void()> on_done) {
    prefix_ = prefix;
    count_ = count;
    asked_ = answered_ = 0;
    asked_at_.assign(count, 0);
    figures_ = {};
    figures_.ns.reserve(count);
    on_done_ = std::move(on_done);
    begin_ = now_ns();
    for (size_t first = 0; first < std::min(at_once, count); ++first) ask_next();
}

void PlayedApp::ask_next() {
    if (asked_ == count_) return;
    const size_t number = asked_++;
    asked_at_[number] = now_ns();
    const std::string room = prefix_ + std::to_string(number);
    client_->publish({.exchange = std::string(cluster::kCommands),
                      .key = std::string(cluster::kRoomsKey),
                      .body = cluster::write(cluster::RoomCreate{room, {.max_peers = 25}}),
                      .reply_to = std::string(cluster::kReplyTo),
                      .correlation_id = prefix_ + std::to_string(number)});
}

void PlayedApp::on_delivery(const cluster::Delivery& delivery) {
    if (!delivery.correlation_id.starts_with(prefix_)) return;
    const size_t number = std::stoul(delivery.correlation_id.substr(prefix_.size()));
    figures_.ns.push_back(now_ns() - asked_at_[number]);
    const auto outcome = cluster::parse_outcome(delivery.body);
    figures_.refused += !outcome || outcome->has_value() ? 1 : 0;
    ask_next();
    if (++answered_ < count_) return;
    figures_.seconds = static_cast<double>(now_ns() - begin_) / 1e9;
    on_done_();
}

}  // namespace parley::bench
