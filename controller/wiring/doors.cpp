#include <utility>

#include "common/shell/program_numbers.h"
#include "common/shell/web_api.h"
#include "controller/wiring/server.h"

// How the world comes in: by HTTP and WebSocket, by the control socket, from the workers.
namespace parley::controller {

namespace {

constexpr uint16_t kBadRequest = 400;
constexpr uint16_t kUnavailable = 503;

bool is_api(std::string_view path) {
    return path.starts_with("/v1/") || path == "/v1" || path == "/healthz" || path == "/readyz" ||
           path == "/metrics";
}

}  // namespace

shell::WebServer::Events Server::web_events() {
    return {.on_http = [this](uint64_t id,
                              shell::HttpRequest&& request) { on_http(id, std::move(request)); },
            .on_connect =
                [this](uint64_t id, const shell::ConnectRequest& request) {
                    return on_connect(id, request);
                },
            .on_message = [this](uint64_t id, std::string_view text) { on_message(id, text); },
            .on_disconnect = [this](uint64_t id) { on_disconnect(id); }};
}

void Server::on_http(uint64_t id, shell::HttpRequest request) {
    const bool has_page = !options_.config.web_root.empty();
    if (has_page && !is_api(request.path)) {
        web_->respond(id, page_.answer(request));
        return;
    }
    const api::Request asked = shell::web_request(std::move(request));
    count();
    std::variant<api::Response, api::Ask> outcome;
    turn([&](base::Instant now, Outputs& out) {
        outcome = neighbours_ ? api_.on_request(now, asked, core_, *neighbours_, out)
                              : api_.on_request(now, asked, core_, out);
    });
    if (auto* response = std::get_if<api::Response>(&outcome)) {
        web_->respond(id, shell::http_response(std::move(*response)));
        return;
    }
    const api::Ask& ask = std::get<api::Ask>(outcome);
    if (const auto number = neighbours_->ask(ask); number != 0) {
        asking_.emplace(number, std::pair(id, ask));
        return;
    }
    const cluster::Answer busy{cluster::Refusal{kUnavailable, "too much is being asked"}};
    web_->respond(id, shell::http_response(api_.on_answer(ask, busy, core_)));
}

void Server::on_answered(const clustering::Answered& answered) {
    if (const auto run = errands_.find(answered.ask); run != errands_.end()) {
        const auto [client, errand] = std::move(run->second);
        errands_.erase(run);
        control_socket_->send(client, control::Server::on_answer(errand, answered.answer));
        return;
    }
    const auto found = asking_.find(answered.ask);
    if (found == asking_.end()) return neighbours_->on_answered(answered);
    const auto [id, ask] = std::move(found->second);
    asking_.erase(found);
    web_->respond(id, shell::http_response(api_.on_answer(ask, answered.answer, core_)));
}

uint16_t Server::on_connect(uint64_t id, const shell::ConnectRequest& request) {
    if (request.path == "/v1/events") {
        if (const auto refusal = api_.events_refusal(shell::web_request(request)))
            return refusal->status;
        events_.on_connect(id, std::string(api::find(request.query, "room").value_or("")));
        return 0;
    }
    if (request.protocol == clustering::kLinkProtocol) {
        neighbours_->on_link(id, request.remote);
        return 0;
    }
    if (request.protocol == clustering::kLoanProtocol) {
        loans_->on_connect(id, request.remote);
        return 0;
    }
    if (request.protocol != "protoo") return kBadRequest;
    const bool token_required = !options_.config.token_keys.empty();
    const auto admission =
        api::admit(loop_.now(), request.query, request.remote, tokens_, token_required);
    if (!admission) {
        // Accepted, to be closed with a code: a browser does not tell a page about an HTTP status.
        web_->close(id, admission.error().code, admission.error().reason);
        ++api_.counts().closings[admission.error().code];
        return 0;
    }
    peers_.insert(id);
    if (neighbours_) return neighbours_->on_connect(id, *admission), 0;
    turn([&](base::Instant now, Outputs& out) { core_.on_connect(now, id, *admission, out); });
    return 0;
}

void Server::on_message(uint64_t id, std::string_view text) {
    if (neighbours_ && neighbours_->is_link(id)) return neighbours_->on_link_message(id, text);
    if (loans_ && loans_->is_loan(id)) return loans_->on_message(id, text);
    if (!peers_.contains(id)) return;
    if (neighbours_) return neighbours_->on_message(id, text);
    turn([&](base::Instant now, Outputs& out) { core_.on_message(now, id, text, out); });
}

void Server::on_disconnect(uint64_t id) {
    events_.on_disconnect(id);
    if (neighbours_ && neighbours_->is_link(id)) return neighbours_->on_link_disconnect(id);
    if (loans_ && loans_->is_loan(id)) return loans_->on_disconnect(id);
    if (peers_.erase(id) == 0) return;
    if (neighbours_) return neighbours_->on_disconnect(id);
    turn([&](base::Instant now, Outputs& out) { core_.on_disconnect(now, id, out); });
}

shell::PipeServer::Events Server::control_events() {
    return {.on_connected = [](uint64_t) {},
            .on_frame = [this](uint64_t id, base::Bytes frame) { on_control_frame(id, frame); },
            .on_closed = [this](uint64_t id, std::string_view) { control_.on_closed(id); }};
}

void Server::on_control_frame(uint64_t id, base::Bytes frame) {
    control::Server::Answer answer;
    turn([&](base::Instant now, Outputs& out) {
        answer = control_.on_frame(now, id, frame, core_, *this, out);
        // Before what the turn itself has for the client.
        if (!answer.frame.empty()) control_socket_->send(id, answer.frame);
    });
    for (control::Errand& errand : answer.errands) run(id, std::move(errand));
    if (!answer.close.empty()) control_socket_->close(id, answer.close);
}

void Server::run(uint64_t client, control::Errand errand) {
    const auto number = neighbours_->ask({.command = errand.command});
    if (number != 0) {
        errands_.emplace(number, std::pair(client, std::move(errand)));
        return;
    }
    const cluster::Answer busy{cluster::Refusal{kUnavailable, "too much is being asked"}};
    control_socket_->send(client, control::Server::on_answer(errand, busy));
}

void Server::deliver(const Dumped& dumped) {
    const auto [client, frame] = control_.on_dumped(dumped);
    if (client != 0) control_socket_->send(client, frame);
}

std::string Server::home_of(std::string_view room) const {
    const auto place = neighbours_ ? neighbours_->find(room) : std::nullopt;
    return place ? place->place.home : "";
}

WorkerProcesses::Events Server::worker_events() {
    return {.on_connected =
                [this](WorkerIndex worker) {
                    turn([&](base::Instant now, Outputs& out) {
                        core_.on_worker_connected(now, worker, out);
                    });
                },
            .on_frame =
                [this](WorkerIndex worker, base::Bytes frame) {
                    turn([&](base::Instant now, Outputs& out) {
                        core_.on_worker_frame(now, worker, frame, out);
                    });
                    if (neighbours_) neighbours_->on_news();
                },
            .on_gone =
                [this](WorkerIndex worker, std::string_view reason) {
                    turn([&](base::Instant now, Outputs& out) {
                        core_.on_worker_gone(now, worker, reason, out);
                    });
                    if (neighbours_) neighbours_->on_news();
                }};
}

// To a client of ours, or by its link to one that another server forwards.
void Server::say(const SendText& said) {
    if (!Neighbours::is_forwarded(said.connection)) {
        web_->send(said.connection, said.text);
        return;
    }
    Outputs out;
    neighbours_->say(loop_.now(), said, out);
    deliver(out);
}

void Server::say(const CloseConnection& said) {
    const bool signals = peers_.contains(said.connection);
    if (signals || Neighbours::is_forwarded(said.connection)) {
        ++api_.counts().closings[said.code];
    }
    if (!Neighbours::is_forwarded(said.connection)) {
        return web_->close(said.connection, said.code, said.reason);
    }
    Outputs out;
    neighbours_->say(loop_.now(), said, out);
    deliver(out);
}

// What /metrics tells of the doors themselves.
void Server::count() {
    api::EdgeCounts& counts = api_.counts();
    const api::WebhookCounts webhooks = webhooks_.counts();
    counts.signalling_connections = peers_.size();
    counts.event_listeners = events_.size();
    counts.webhooks_delivered = webhooks.delivered;
    counts.webhooks_failed = webhooks.failed;
    counts.webhooks_dropped = webhooks.dropped;
    counts.webhooks_waiting = webhooks_.waiting();
    api_.on_drain(drain().is_on());
    counts.version = PARLEY_VERSION;
    counts.process = shell::process_numbers(started_);
    if (!broker_) return;
    const clustering::Presence& presence = broker_->presence();
    api_.on_broker(presence.up() || presence.has_rival(), presence.has_rival());
    api::ClusterCounts cluster;
    broker_->count(cluster);
    neighbours_->count(cluster);
    loans_->count(cluster);
    counts.cluster = std::move(cluster);
}

}  // namespace parley::controller
