#include "controller/wiring/server.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

namespace parley::controller {

namespace {

constexpr base::Duration kWebhookTime = 10s;  // for a webhook to answer
constexpr uint32_t kLoans = 8;                // workers of other servers at once
constexpr size_t kAdministrators = 16;        // on the control socket at once

template <typename... Ts>
struct Cases : Ts... {
    using Ts::operator()...;
};

Options core_options(const Server::Options& options) {
    const Config& config = options.config;
    controller::Options core;
    core.server = options.server_id;
    core.workers = options.worker_count;
    core.loans = config.broker.empty() ? 0 : kLoans;
    // In a cluster a room is made by whoever finds it a home, never by its first peer's server.
    core.create_on_join = config.create_on_join && config.broker.empty();
    core.max_rooms = config.max_rooms;
    core.max_peers_per_room = config.max_peers_per_room;
    core.room.max_peers = config.room_max_peers;
    core.room.empty_timeout = config.room_empty_timeout;
    core.session_grace = config.session_grace;
    core.worker_load_most = config.worker_load_most / 100.0;
    core.relays = {config.turn_urls, config.turn_secret, config.turn_ttl};
    return core;
}

api::Api::Options api_options(const Server::Options& options) {
    return {.admin_keys = options.config.admin_keys,
            .public_url = options.config.public_url,
            .create_on_join = options.config.create_on_join,
            .room = core_options(options).room};
}

std::vector<api::Webhooks::Target> webhook_targets(const Config& config) {
    std::vector<api::Webhooks::Target> targets;
    for (const WebhookTarget& hook : config.webhooks) targets.push_back({hook.url, hook.secret});
    return targets;
}

}  // namespace

base::Result<std::unique_ptr<Server>, std::string> Server::open(shell::Loop& loop,
                                                                shell::Logger& logger,
                                                                Options options) {
    std::unique_ptr<Server> server(new Server(loop, logger, std::move(options)));
    if (const auto listening = server->listen(); !listening) return base::Err{listening.error()};
    server->turn([&](base::Instant now, Outputs& out) { server->core_.on_start(now, out); });
    return server;
}

Server::Server(shell::Loop& loop, shell::Logger& logger, Options options)
    : loop_(loop),
      logger_(logger),
      options_(std::move(options)),
      started_(loop.now()),
      core_(core_options(options_), random_),
      tokens_(options_.token_keys),
      api_(api_options(options_), tokens_, random_),
      events_(random_),
      webhooks_(webhook_targets(options_.config), random_),
      page_(options_.config.web_root),
      http_client_(loop),
      deadline_(loop, [this](base::Instant now) { on_deadline(now); }),
      turn_end_(loop, [this] { end_turn(); }),
      signals_(loop, std::array{SIGINT, SIGTERM, SIGHUP},
               [this](int number) { on_signal(number); }) {}

Server::~Server() {
    if (workers_ && workers_->alive() == 0) workers_->clear();
}

// The control socket comes first: who holds it is the one controller of its run directory.
base::Result<base::Unit, std::string> Server::listen() {
    const std::string path = options_.workers.run_directory + "/control.sock";
    auto control = shell::PipeServer::listen(loop_, path, kAdministrators, control_events());
    if (!control) {
        return base::Err{control.error() +
                         "; if another controller runs here, give this one its own run-directory"};
    }
    control_socket_ = std::move(*control);
    auto context = shell::WebContext::create(loop_);
    if (!context) return base::Err{context.error()};
    web_context_ = std::move(*context);
    if (const auto web = listen_web(); !web) return base::Err{web.error()};
    workers_ = std::make_unique<WorkerProcesses>(loop_, options_.workers, options_.worker_count,
                                                 worker_events());
    return join_cluster();
}

void Server::deliver(const Outputs& out) {
    for (const Output& output : out) {
        std::visit(
            Cases{[&](const SendText& m) { say(m); }, [&](const CloseConnection& m) { say(m); },
                  [&](const ConnectWorker& m) { workers_->connect(m.worker); },
                  [&](const SpawnWorker& m) { workers_->spawn(m.worker); },
                  [&](const KillWorker& m) { workers_->kill(m.worker); },
                  [&](const BorrowWorker& m) { wanted_loans_.push_back(m); },
                  [&](const ReturnWorker& m) { loans_->give_back(m.worker); },
                  [&](const SendToWorker& m) { send(m); }, [&](const Event& event) { tell(event); },
                  [&](const Log& line) { log(line); }, [&](const Dumped& m) { deliver(m); }},
            output);
    }
    for (const BorrowWorker& wanted : std::exchange(wanted_loans_, {})) loans_->borrow(wanted);
}

void Server::send(const SendToWorker& m) {
    if (m.worker < options_.worker_count) return workers_->send(m.worker, m.frame);
    loans_->send(m.worker, m.frame);
}

void Server::tell(const Event& event) {
    Outputs out;
    const api::Notice notice = events_.on_event(event, out);
    deliver(out);
    ++api_.counts().events[event.type];
    api::WebhookOutputs posts;
    webhooks_.on_event(loop_.now(), notice, posts);
    deliver(posts);
    if (broker_) broker_->on_event(event);
}

void Server::deliver(const api::WebhookOutputs& out) {
    for (const Log& line : out.logs) log(line);
    for (const api::Post& one : out.posts) post(one);
}

void Server::post(const api::Post& post) {
    const auto on_done = [this, target = post.target,
                          delivery = post.delivery](const shell::HttpOutcome& outcome) {
        api::WebhookOutputs next;
        webhooks_.on_reply(loop_.now(), target, delivery, outcome.status, next);
        deliver(next);
    };
    http_client_.post(
        {.url = post.url, .headers = post.headers, .body = *post.body, .timeout = kWebhookTime},
        on_done);
}

void Server::log(const Log& line) {
    std::vector<shell::LogField> fields;
    if (!line.room.empty()) fields.emplace_back("room", line.room);
    if (!line.peer.empty()) fields.emplace_back("peer", line.peer);
    if (!options_.server_id.empty()) fields.emplace_back("server", options_.server_id);
    if (line.worker) fields.emplace_back("worker", std::to_string(*line.worker));
    if (!line.trace.empty()) fields.emplace_back("trace", line.trace);
    logger_.write(static_cast<shell::LogLevel>(line.level), line.text, fields);
}

void Server::on_deadline(base::Instant) {
    turn([&](base::Instant now, Outputs& out) { core_.on_deadline(now, out); });
    api::WebhookOutputs posts;
    webhooks_.on_deadline(loop_.now(), posts);
    deliver(posts);
    if (broker_) broker_->on_deadline();
    if (neighbours_) neighbours_->on_deadline();
    if (loans_) loans_->on_deadline();
    mind_drain(loop_.now());
    if (loop_.now() >= kill_at_) {
        kill_at_ = base::Instant::never();
        workers_->kill_all();
    }
}

void Server::end_turn() {
    base::Instant next = std::min({core_.next_deadline(), webhooks_.next_deadline(), kill_at_,
                                   stopping_ ? kill_at_ : drain_look_});
    if (broker_ && !stopping_) {
        next = std::min({next, broker_->next_deadline(), neighbours_->next_deadline(),
                         loans_->next_deadline()});
    }
    if (stopping_ && workers_->alive() == 0) {
        next = std::min(next, farewell_until_);
        if (web_->connections() == 0 || loop_.now() >= farewell_until_) loop_.stop();
    }
    deadline_.set(next);
}

}  // namespace parley::controller
