#include "common/shell/interfaces.h"
#include "controller/wiring/server.h"

// How a server comes to be one of many.
namespace parley::controller {

namespace {

// For a beat of somebody who has our id: they come once a second.
constexpr base::Duration kListenTime = 1200ms;

// Where other servers connect to: this very server, by the first address that others can reach,
// though clients may come by a proxy that leads to any.
std::string link_address(const Config& config, uint16_t port) {
    std::string ip = config.http_listen.front();
    if (ip == Config{}.http_listen.front()) {
        const auto addresses = shell::local_addresses();
        ip = addresses.empty() ? "127.0.0.1" : addresses.front();
        for (const std::string& address : addresses) {
            if (!address.starts_with("127.") && address.find(':') == address.npos) ip = address;
        }
    }
    const bool bracketed = ip.find(':') != ip.npos;
    return "ws://" + (bracketed ? "[" + ip + "]" : ip) + ":" + std::to_string(port) + "/";
}

// Where clients connect to.
std::string signalling_address(const Config& config, uint16_t port) {
    std::string_view url = config.public_url;
    if (url.empty()) return link_address(config, port);
    const bool secure = url.starts_with("https://");
    url.remove_prefix(secure ? 8 : 7);
    return (secure ? "wss://" : "ws://") + std::string(url) + "/";
}

}  // namespace

base::Result<base::Unit, std::string> Server::join_cluster() {
    const Config& config = options_.config;
    if (config.broker.empty()) return base::Unit{};
    const uint16_t port = web_->address(0).port;
    Broker::Options options;
    options.amqp.url = config.broker;
    options.amqp.ca_file = config.broker_ca;
    options.amqp.certificate_file = config.broker_certificate;
    options.amqp.key_file = config.broker_key;
    options.amqp.name = "parley-controller " + options_.server_id;
    clustering::Options& presence = options.presence;
    presence.server = options_.server_id;
    presence.region = config.region;
    presence.version = PARLEY_VERSION;
    presence.signalling = signalling_address(config, port);
    presence.link = link_address(config, port);
    presence.assignment = config.assignment == "shared-queue" ? cluster::Assignment::SharedQueue
                                                              : cluster::Assignment::RouterService;
    presence.room.max_peers = config.room_max_peers;
    presence.room.empty_timeout = config.room_empty_timeout;
    presence.most_rooms = config.max_rooms;
    presence.listen_first = kListenTime;
    const auto issue = [this](const cluster::PeerAdd& peer, Instant expires) {
        const Rights rights{peer.publish, peer.subscribe, peer.data};
        return tokens_.issue({peer.room, peer.peer, peer.name, rights, expires});
    };
    const Broker::Turn run = [this](const auto& call) { turn(call); };
    auto broker = Broker::start(
        loop_, std::move(options), core_, random_, issue,
        {.turn = run,
         .on_log = [this](const Log& line) { log(line); },
         .on_answered = [this](const clustering::Answered& answered) { on_answered(answered); },
         .on_news =
             [this] {
                 neighbours_->on_news();
                 loans_->on_news();
             }});
    if (!broker) return base::Err{broker.error()};
    broker_ = std::move(*broker);
    log({Level::Info, "is server " + options_.server_id + " of a cluster"});
    return meet_neighbours();
}

base::Result<base::Unit, std::string> Server::meet_neighbours() {
    const Config& config = options_.config;
    clustering::Reception::Options reception{.server = options_.server_id,
                                             .create_on_join = config.create_on_join,
                                             .shared_queue = config.assignment == "shared-queue"};
    reception.room.max_peers = config.room_max_peers;
    reception.room.empty_timeout = config.room_empty_timeout;
    auto neighbours = Neighbours::start(
        {*web_context_, *web_, core_, *broker_, [this](const auto& call) { turn(call); }},
        std::move(reception));
    if (!neighbours) return base::Err{neighbours.error()};
    neighbours_ = std::move(*neighbours);
    auto loans =
        Loans::start({loop_, *web_context_, *web_, core_, *broker_,
                      [this](const auto& call) { turn(call); }, options_.workers.run_directory},
                     options_.server_id, config.region);
    if (!loans) return base::Err{loans.error()};
    loans_ = std::move(*loans);
    return base::Unit{};
}

}  // namespace parley::controller
