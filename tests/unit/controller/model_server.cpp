#include "tests/unit/controller/model_server.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace parley::test {

using namespace controller;

const char* const kBrowser =
    R"({"codecs":[{"kind":"audio","mimeType":"audio/opus","preferredPayloadType":100,)"
    R"("clockRate":48000,"channels":2,"parameters":{"minptime":10,"useinbandfec":1},)"
    R"("rtcpFeedback":[]}],"headerExtensions":[)"
    R"({"kind":"audio","uri":"urn:ietf:params:rtp-hdrext:sdes:mid","preferredId":1},)"
    R"({"kind":"audio","uri":"urn:ietf:params:rtp-hdrext:ssrc-audio-level","preferredId":10}]})";

std::string microphone(uint32_t ssrc, const std::string& mid) {
    return R"({"mid":")" + mid + R"(","codecs":[{"mimeType":"audio/opus","payloadType":111,)" +
           R"("clockRate":48000,"channels":2,"parameters":{"minptime":10,"useinbandfec":1,)" +
           R"("usedtx":1},"rtcpFeedback":[]}],"headerExtensions":[)" +
           R"({"uri":"urn:ietf:params:rtp-hdrext:sdes:mid","id":4,"encrypt":false,)" +
           R"("parameters":{}},{"uri":"urn:ietf:params:rtp-hdrext:ssrc-audio-level","id":1}],)" +
           R"("encodings":[{"ssrc":)" + std::to_string(ssrc) +
           R"(,"dtx":true}],"rtcp":{"cname":"c)" + std::to_string(ssrc) +
           R"(","reducedSize":true}})";
}

// --- the client

ModelClient::ModelClient(ModelServer& in, std::string to_room, std::string as_peer, bool with_seq)
    : server(in), room(std::move(to_room)), peer(std::move(as_peer)), numbered(with_seq) {}

void ModelClient::connect() {
    Admission admission{room, peer, {}, {}, 0, "192.0.2.7"};
    if (numbered) admission.session = "";
    connect(std::move(admission));
}

void ModelClient::connect(Admission admission) {
    close_code = 0;
    connection_ = server.connect(*this, admission);
    server.pump();
}

void ModelClient::lose_connection() {
    server.disconnect(std::exchange(connection_, 0));
}

void ModelClient::resume() {
    connect({room, peer, {}, session, received, "192.0.2.8"});
}

void ModelClient::send_raw(const std::string& text) {
    if (connection_ != 0) server.message(connection_, text);
}

uint64_t ModelClient::send(const std::string& method, const std::string& data) {
    const uint64_t id = next_request_++;
    send_raw(R"({"request":true,"id":)" + std::to_string(id) + R"(,"method":")" + method +
             R"(","data":)" + data + "}");
    return id;
}

std::string ModelClient::answer_to(uint64_t request) const {
    const auto found = responses_.find(request);
    return found == responses_.end() ? "" : found->second;
}

std::string ModelClient::ask(const std::string& method, const std::string& data) {
    return answer_to(send(method, data));
}

void ModelClient::make_transports() {
    const auto id_of = [](const std::string& answer) {
        const auto document = JsonDocument::parse(answer);
        REQUIRE_MESSAGE(document.ok(), answer);
        return std::string(document->root()["id"].text().value());
    };
    send_transport = id_of(ask("createWebRtcTransport", R"({"producing":true,"consuming":false})"));
    receive_transport =
        id_of(ask("createWebRtcTransport", R"({"producing":false,"consuming":true})"));
    for (const std::string& transport : {send_transport, receive_transport}) {
        CHECK(ask("connectWebRtcTransport",
                  R"({"transportId":")" + transport + R"(","dtlsParameters":{"role":"client",)" +
                      R"("fingerprints":[{"algorithm":"sha-256","value":"AA:BB"}]}})") == "{}");
    }
}

std::string ModelClient::speak(uint32_t ssrc) {
    const std::string answer =
        ask("produce", R"({"transportId":")" + send_transport + R"(","kind":"audio",)" +
                           R"("rtpParameters":)" +
                           microphone(ssrc ? ssrc : 5000, std::to_string(next_mid_++)) +
                           R"(,"appData":{"from":")" + peer + R"("}})");
    const auto document = JsonDocument::parse(answer);
    if (document) producer = document->root()["id"].text().value_or("");
    return answer;
}

void ModelClient::enter(bool speaks) {
    make_transports();
    const std::string joined =
        ask("join", R"({"displayName":"I am )" + peer + R"(","device":{"name":"model"},)" + wanted +
                        R"("rtpCapabilities":)" + kBrowser + "}");
    REQUIRE_MESSAGE(joined.starts_with("{\"peers\""), joined);
    if (speaks) speak();
}

void ModelClient::on_text(const std::string& text) {
    ++messages;
    const auto document = JsonDocument::parse(text, {.bytes = 1 << 20});
    REQUIRE_MESSAGE(document.ok(), text);
    const Json message = document->root();
    const auto seq = message["seq"].number();
    if (message["method"].text() != "session") CHECK(seq.has_value() == numbered);
    if (seq) {
        CHECK(*seq == received + 1);  // nothing is lost, nothing comes twice
        received = *seq;
    }
    if (message["request"].flag().value_or(false)) return on_request(message);
    if (message["response"].flag().value_or(false)) {
        const bool ok = message["ok"].flag().value();
        responses_[message["id"].number().value()] =
            ok ? message["data"].dump()
               : "!" + message["errorCode"].dump() + " " +
                     std::string(message["errorReason"].text().value());
        return;
    }
    on_notification(std::string(message["method"].text().value()), message["data"]);
}

void ModelClient::on_request(const Json& message) {
    REQUIRE(message["method"].text() == "newConsumer");
    const Json data = message["data"];
    const uint64_t id = std::stoull(std::string(data["id"].text().value()));
    new_consumers.push_back(data.dump());
    CHECK(!consumers.contains(id));
    if (!refuses) consumers[id] = data["peerId"].text().value_or("");  // a slot: nobody's yet
    if (!answers) return;
    send_raw(R"({"response":true,"id":)" + message["id"].dump() +
             (refuses ? R"(,"ok":false,"errorCode":500,"errorReason":"no"})"
                      : R"(,"ok":true,"data":{}})"));
}

void ModelClient::on_notification(const std::string& method, const Json& data) {
    notifications.emplace_back(method, data.dump());
    if (method == "session") {
        session = data["id"].text().value();
        recovered = data["recovered"].flag().value();
    }
    if (method == "consumerClosed") {
        CHECK(consumers.erase(std::stoull(std::string(data["consumerId"].text().value()))) == 1);
    }
    if (method == "transportsLost") {
        consumers.clear();
        send_transport = receive_transport = producer = "";
    }
}

void ModelClient::on_close(uint16_t code, const std::string& reason) {
    connection_ = 0;
    close_code = code;
    close_reason = reason;
}

size_t ModelClient::told(const std::string& method) const {
    size_t count = 0;
    for (const auto& [name, data] : notifications) count += name == method;
    return count;
}

std::string ModelClient::last(const std::string& method) const {
    for (size_t i = notifications.size(); i-- > 0;) {
        if (notifications[i].first == method) return notifications[i].second;
    }
    return "";
}

// --- the server

ModelServer::ModelServer(Options options, uint64_t seed)
    : workers(options.workers + options.loans), options_(options), random_(seed) {
    core_ = std::make_unique<Controller>(options_, random_);
}

void ModelServer::check() const {
    if (checks) core_->ensure_invariants();
}

void ModelServer::start() {
    core_->on_start(now, out_);
    pump();
}

void ModelServer::crash_controller() {
    out_.clear();
    held.clear();
    for (auto& [connection, client] : std::exchange(connections_, {})) client->on_close(0, "");
    core_ = std::make_unique<Controller>(options_, random_);
    start();
}

void ModelServer::release(uint32_t index) {
    const auto frame = std::find_if(held.begin(), held.end(),
                                    [&](const auto& waits) { return waits.first == index; });
    if (frame == held.end()) return;
    const std::vector<uint8_t> bytes = std::move(frame->second);
    held.erase(frame);
    to_worker(index, bytes);
    check();
    pump();
}

void ModelServer::release_all() {
    hold_workers = false;
    while (!held.empty()) release(held.front().first);
}

void ModelServer::kill_worker(uint32_t index) {
    workers.at(index).reset();
    std::erase_if(held, [&](const auto& frame) { return frame.first == index; });
    core_->on_worker_gone(now, index, "killed", out_);
    check();
    pump();
}

void ModelServer::burn(const std::vector<double>& loads) {
    for (int i = 0; i < 20; ++i) {
        for (uint32_t index = 0; index < loads.size(); ++index) {
            if (!workers[index]) continue;
            workers[index]->cpu_ns += static_cast<uint64_t>(loads[index] * 1e9);
        }
        advance(1s);
    }
}

void ModelServer::advance(base::Duration by) {
    const base::Instant until = now + by;
    while (core_->next_deadline() <= until) {
        now = std::max(now, core_->next_deadline());
        core_->on_deadline(now, out_);
        check();
        REQUIRE(core_->next_deadline() > now);
        pump();
    }
    now = until;
}

ModelClient& ModelServer::client(const std::string& room, const std::string& peer, bool numbered) {
    clients_.push_back(std::make_unique<ModelClient>(*this, room, peer, numbered));
    return *clients_.back();
}

ModelClient& ModelServer::enter(const std::string& room, const std::string& peer, bool numbered) {
    ModelClient& made = client(room, peer, numbered);
    made.connect();
    made.enter();
    return made;
}

std::set<std::string> ModelServer::hears(const ModelClient& client) const {
    std::set<std::string> voices;
    for (const auto& [consumer, whose] : client.consumers) {
        for (const auto& worker : workers) {
            const uint64_t heard = worker ? worker->heard_by(consumer) : 0;
            if (heard == 0) continue;
            const auto index = static_cast<uint32_t>(&worker - workers.data());
            if (worker->speaks(heard) || beyond_pipe(index, heard) != 0) voices.insert(whose);
        }
    }
    return voices;
}

uint64_t ModelServer::beyond_pipe(uint32_t index, uint64_t arrived) const {
    const ModelWorker& here = *workers.at(index);
    const auto stream = here.arrived().find(arrived);
    if (stream == here.arrived().end()) return 0;
    const ModelWorker::Pipe& pipe = here.pipes().at(stream->second.pipe);
    for (const auto& there : workers) {
        if (!there || there.get() == &here || there->port() != pipe.remote_port) continue;
        const auto other = there->pipes().find(stream->second.pipe);
        if (other == there->pipes().end()) continue;
        CHECK(other->second.key == pipe.remote_key);
        CHECK(other->second.remote_key == pipe.key);
        CHECK(other->second.remote_port == here.port());
        for (const auto& [id, leaving] : there->leaving()) {
            const bool same =
                leaving.pipe == stream->second.pipe && leaving.ssrc == stream->second.ssrc;
            if (same && !leaving.paused && there->speaks(leaving.producer)) return leaving.producer;
        }
    }
    return 0;
}

void ModelServer::check_crossings() const {
    size_t left = 0, came = 0;
    for (const auto& worker : workers) {
        if (!worker) continue;
        std::set<std::pair<uint64_t, uint64_t>> once;  // into this pipe, of this producer
        for (const auto& [id, leaving] : worker->leaving()) {
            CHECK(once.emplace(leaving.pipe, leaving.producer).second);
            ++left;
        }
        for (const auto& [id, arrived] : worker->arrived()) {
            ++came;
            size_t ears = 0;
            for (const auto& [number, consumer] : worker->consumers()) {
                ears += consumer.producer == id;
            }
            CHECK(ears > 0);
            const auto index = static_cast<uint32_t>(&worker - workers.data());
            CHECK((arrived.paused || beyond_pipe(index, id) != 0));
        }
    }
    CHECK(left == came);
}

ConnectionId ModelServer::connect(ModelClient& client, const Admission& admission) {
    const ConnectionId connection = next_connection_++;
    connections_[connection] = &client;
    core_->on_connect(now, connection, admission, out_);
    check();
    return connection;
}

void ModelServer::disconnect(ConnectionId connection) {
    connections_.erase(connection);
    core_->on_disconnect(now, connection, out_);
    check();
    pump();
}

void ModelServer::message(ConnectionId connection, const std::string& text) {
    core_->on_message(now, connection, text, out_);
    check();
    pump();
}

void ModelServer::from_worker(uint32_t index, std::span<const uint8_t> frame) {
    core_->on_worker_frame(now, index, frame, out_);
    check();
    pump();
}

void ModelServer::pump() {
    if (std::exchange(pumping_, true)) return;
    while (!out_.empty()) {
        const Outputs batch = std::exchange(out_, {});
        for (const Output& output : batch) deliver(output);
    }
    pumping_ = false;
}

void ModelServer::deliver(const Output& output) {
    trace += static_cast<char>('a' + output.index());
    if (const auto* o = std::get_if<SendText>(&output)) {
        trace += o->text;
        const auto found = connections_.find(o->connection);
        if (found != connections_.end()) found->second->on_text(o->text);
    } else if (const auto* close = std::get_if<CloseConnection>(&output)) {
        trace += close->reason;
        const auto found = connections_.find(close->connection);
        if (found == connections_.end()) return;
        ModelClient* client = found->second;
        connections_.erase(found);
        client->on_close(close->code, close->reason);
    } else if (const auto* connect = std::get_if<ConnectWorker>(&output)) {
        if (workers.at(connect->worker)) {
            core_->on_worker_connected(now, connect->worker, out_);
        } else {
            core_->on_worker_gone(now, connect->worker, "nobody there", out_);
        }
    } else if (const auto* spawn = std::get_if<SpawnWorker>(&output)) {
        if (workers_start) {
            workers.at(spawn->worker) = std::make_unique<ModelWorker>(next_pid_++);
            core_->on_worker_connected(now, spawn->worker, out_);
        } else {
            core_->on_worker_gone(now, spawn->worker, "cannot start", out_);
        }
    } else if (const auto* kill = std::get_if<KillWorker>(&output)) {
        workers.at(kill->worker).reset();
        core_->on_worker_gone(now, kill->worker, "killed", out_);
    } else if (const auto* borrow = std::get_if<BorrowWorker>(&output)) {
        if (borrow->before) recalled.push_back(*borrow->before);
        if (!lends) return core_->on_worker_gone(now, borrow->worker, "nobody lends", out_);
        auto& lent = workers.at(borrow->worker);
        if (!lent) lent = std::make_unique<ModelWorker>(next_pid_++);
        core_->on_worker_lent(now, borrow->worker, {"lender", 7}, out_);
    } else if (const auto* send = std::get_if<SendToWorker>(&output)) {
        trace.append(send->frame.begin(), send->frame.end());
        if (hold_workers) {
            held.emplace_back(send->worker, send->frame);
        } else {
            to_worker(send->worker, send->frame);
        }
    } else if (const auto* event = std::get_if<Event>(&output)) {
        trace += event->type + event->data;
        REQUIRE_MESSAGE(JsonDocument::parse(event->data).ok(), event->data);
        event_log.push_back(*event);
    } else if (const auto* dump = std::get_if<Dumped>(&output)) {
        dumped.push_back(*dump);
    } else if (const auto* line = std::get_if<Log>(&output)) {
        trace += line->text;
        logs.push_back(*line);
    }
    check();
}

void ModelServer::to_worker(uint32_t index, const std::vector<uint8_t>& frame) {
    ModelWorker* worker = workers.at(index).get();
    if (!worker) return;
    const std::vector<uint8_t> reply = worker->on_frame(frame);
    if (worker->hangs) return;
    core_->on_worker_frame(now, index, reply, out_);
    if (worker->shut_down) workers.at(index).reset();
}

size_t ModelServer::events(const std::string& type) const {
    size_t count = 0;
    for (const Event& event : event_log) count += event.type == type;
    return count;
}

const Event& ModelServer::last_event(const std::string& type) const {
    for (size_t i = event_log.size(); i-- > 0;) {
        if (event_log[i].type == type) return event_log[i];
    }
    FAIL("no event " << type);
    return event_log.front();
}

uint32_t ModelServer::worker_of(const std::string& room) const {
    return workers_of(room).at(0);
}

std::vector<WorkerIndex> ModelServer::workers_of(const std::string& room) const {
    return core_->room(room).value().workers;
}

}  // namespace parley::test
