// The part of ModelBrowser that speaks: how it comes into a room, and stays there.
#include <utility>

#include "tests/sim/browser_parameters.h"
#include "tests/sim/model_browser.h"

namespace parley::sim {

namespace {

constexpr base::Duration kAskAgainAfter = 400ms;

}  // namespace

void ModelBrowser::join() {
    start_over();
}

// All of it anew: another session, other transports.
void ModelBrowser::start_over() {
    discard_media();
    if (client_) resumed_before_ += client_->resumed();
    join_asked_ = joined_ = syncing_ = false;
    peers_.clear();
    state_ = State::Joining;
    client_ = std::make_unique<ProtooClient>(
        around_.world, around_.switchboard, *this,
        ProtooClient::Options{options_.room, options_.peer, options_.numbered});
    client_->open();
}

// Not now: what says so is one of those that are about to go.
void ModelBrowser::start_over_soon() {
    around_.world.after(0ms, [this, life = life_] {
        if (life == life_ && state_ != State::Left) start_over();
    });
}

void ModelBrowser::discard_media() {
    ++life_;
    producing_ = false;
    receiver_.close_all();
    consumers_.clear();
    producer_.clear();
    send_ = Side{};
    receive_ = Side{};
}

ProtooClient::Answered ModelBrowser::in_this_life(std::function<void(Json)> then) {
    return [this, then = std::move(then), life = life_](Json data) {
        if (life == life_) then(data);
    };
}

// No worker runs just now, or what was asked about went with one; after a crash of the server it
// may also have been done already. Anything else is nonsense.
ProtooClient::Refused ModelBrowser::or_later(std::string what) {
    return [this, what = std::move(what), life = life_](uint64_t code, std::string_view reason) {
        if (life != life_) return;
        if (code != 503 && code != 404 && code != 409) {
            return around_.broken(options_.peer + " was refused " + what + ": " +
                                  std::to_string(code) + " " + std::string(reason));
        }
        if (code != 503) return start_over_soon();
        discard_media();
        around_.world.after(kAskAgainAfter, [this, again = life_] {
            const bool inside = state_ == State::In || state_ == State::Joining;
            if (again == life_ && inside) ask_for_transport(options_.publishes);
        });
    };
}

void ModelBrowser::on_open(bool resumed, bool recovered) {
    if (state_ == State::Left) return;
    if (recovered) return sync();
    if (resumed) return;
    if (joined_) return ask_for_transport(options_.publishes);
    client_->request("getRouterRtpCapabilities", "{}", in_this_life([this](Json capabilities) {
                         if (capabilities["codecs"].size() == 0) on_nonsense("no codecs");
                         ask_for_transport(options_.publishes);
                     }));
}

void ModelBrowser::ask_for_transport(bool producing) {
    JsonWriter data;
    data.object().flag("producing", producing).flag("consuming", !producing);
    data.flag("forceTcp", false).end_object();
    client_->request(
        "createWebRtcTransport", data.take(),
        in_this_life([this, producing](Json answer) { on_transport(producing, answer); }),
        or_later("a transport"));
}

void ModelBrowser::on_transport(bool producing, Json data) {
    Side& side = producing ? send_ : receive_;
    side.id = text_of(data["id"]);
    side.remote = parse_remote(data, options_.v6);
    if (side.remote.candidates.empty()) return on_nonsense("no candidate that can be reached");
    const uint32_t leg = around_.places.next_leg();
    const net::Address address = around_.places.next_address(options_.v6);
    around_.places.settle(leg, address);
    side.leg = std::make_unique<MediaLeg>(
        around_.world, around_.network, line_, *identity_, *this,
        MediaLeg::Options{leg, address, options_.role, options_.nomination});
    if (producing) {
        ask_for_transport(false);
    } else {
        on_both_transports();
    }
}

void ModelBrowser::on_both_transports() {
    if (joined_) return produce();
    if (!join_asked_) ask_to_join();
}

void ModelBrowser::ask_to_join() {
    join_asked_ = true;
    JsonWriter data;
    data.object().text("displayName", "The " + options_.peer);
    data.raw("device", R"({"flag":"model","name":"Model","version":"1"})");
    data.raw("rtpCapabilities", receive_capabilities());
    if (options_.slots > 0) {
        data.key("audio").object().number("slots", options_.slots).end_object();
    }
    data.end_object();
    client_->request(
        "join", data.take(),
        [this](Json answer) {
            const Json others = answer["peers"];
            for (size_t i = 0; i < others.size(); ++i) peers_.insert(text_of(others[i]["id"]));
            joined_ = true;
            if (state_ != State::Joining) return;
            state_ = State::In;
            if (receive_.leg) produce();
        },
        or_later("join"));
}

void ModelBrowser::connect(Side& side, std::function<void()> then) {
    if (side.connected) return then();
    side.when_connected.push_back(std::move(then));
    if (std::exchange(side.connecting, true)) return;
    JsonWriter data;
    data.object().text("transportId", side.id).key("dtlsParameters").object();
    data.text("role", options_.role == dtls::Role::Client ? "client" : "server");
    data.key("fingerprints").array();
    for (const dtls::Fingerprint& fingerprint : identity_->fingerprints()) {
        data.object().text("algorithm", fingerprint.algorithm);
        data.text("value", fingerprint.value).end_object();
    }
    data.end_array().end_object().end_object();
    client_->request("connectWebRtcTransport", data.take(), in_this_life([&side](Json) {
                         side.connected = true;
                         side.leg->connect(side.remote);
                         for (const auto& next : std::exchange(side.when_connected, {})) next();
                     }),
                     or_later("to connect"));
}

// REQUIRES: joined, with both transports.
void ModelBrowser::produce() {
    if (!options_.publishes || std::exchange(producing_, true)) return;
    if (!options_.ssrc) sender_.begin_stream();
    connect(send_, [this] { ask_to_produce(); });
}

void ModelBrowser::ask_to_produce() {
    JsonWriter data;
    data.object().text("transportId", send_.id).text("kind", "audio");
    data.raw("rtpParameters", send_parameters(sender_)).raw("appData", "{}").end_object();
    client_->request("produce", data.take(), in_this_life([this](Json answer) {
                         producer_ = text_of(answer["id"]);
                         if (paused_) set_muted(true);
                     }),
                     or_later("to produce"));
}

void ModelBrowser::on_request(uint64_t id, std::string_view method, Json data) {
    if (method != "newConsumer") return on_nonsense("a request for " + std::string(method));
    if (state_ != State::In && state_ != State::Joining) return;
    on_new_consumer(id, data);
}

void ModelBrowser::take_consumer(Json data) {
    const Announced announced = parse_consumer(data);
    if (receiver_.knows(announced.consumer)) return;
    receiver_.announce(announced);
    consumers_[announced.slot ? announced.consumer : announced.peer] = announced.consumer;
}

// The transport is connected with the first consumer; only then can any be heard.
void ModelBrowser::on_new_consumer(uint64_t request, Json data) {
    if (!receive_.leg && syncing_) return;  // the server remembers more than we were told
    if (!receive_.leg) return on_nonsense("a consumer without a transport for it");
    take_consumer(data);
    connect(receive_, [this, request] { client_->answer(request); });
}

void ModelBrowser::on_notification(std::string_view method, Json data) {
    if (method == "newPeer") {
        peers_.insert(text_of(data["id"]));
    } else if (method == "peerClosed") {
        peers_.erase(text_of(data["peerId"]));
    } else if (method == "consumerClosed") {
        const std::string consumer = text_of(data["consumerId"]);
        receiver_.close(consumer);
        std::erase_if(consumers_, [&](const auto& entry) { return entry.second == consumer; });
    } else if (method == "activeSpeaker") {
        dominant_ = text_of(data["peerId"]);
    } else if (method == "muted" || method == "unmuted") {
        muted_by_admin_ = method == "muted";
    } else if (method == "transportsLost") {
        on_lost(data);
    }
}

void ModelBrowser::on_lost(Json data) {
    const Json lost = data["transportIds"];
    bool ours = false;
    for (size_t i = 0; i < lost.size(); ++i) {
        const std::string id = text_of(lost[i]);
        ours = ours || id == send_.id || id == receive_.id;
    }
    if (!ours) return;  // of before we began anew
    ++rebuilds_;
    discard_media();
    ask_for_transport(options_.publishes);
}

void ModelBrowser::sync() {
    syncing_ = true;
    client_->request("sync", "{}", in_this_life([this](Json data) { on_sync(data); }));
}

// The server was restarted: whatever it no longer knows of is made anew.
void ModelBrowser::on_sync(Json data) {
    syncing_ = false;
    const Json transports = data["transports"];
    size_t known = 0;
    for (size_t i = 0; i < transports.size(); ++i) {
        const std::string id = text_of(transports[i]);
        known += !id.empty() && (id == send_.id || id == receive_.id);
    }
    const size_t ours = (send_.leg ? 1u : 0u) + (receive_.leg ? 1u : 0u);
    if (!joined_ || known != ours || ours != (options_.publishes ? 2u : 1u)) {
        return start_over_soon();
    }
    peers_.clear();
    const Json others = data["peers"];
    for (size_t i = 0; i < others.size(); ++i) peers_.insert(text_of(others[i]["id"]));
    if (!producer_.empty() && data["producers"].size() == 0) {
        producer_.clear();
        producing_ = false;
        produce();
    }
    const Json consumers = data["consumers"];
    std::set<std::string> listed;
    for (size_t i = 0; i < consumers.size(); ++i) {
        take_consumer(consumers[i]);
        listed.insert(text_of(consumers[i]["id"]));
    }
    receiver_.keep_only(listed);
    std::erase_if(consumers_, [&](const auto& entry) { return !listed.contains(entry.second); });
    if (consumers.size() > 0) connect(receive_, [] {});
}

}  // namespace parley::sim
