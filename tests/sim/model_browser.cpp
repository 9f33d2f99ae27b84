#include "tests/sim/model_browser.h"

#include <algorithm>
#include <utility>

namespace parley::sim {

namespace {

constexpr base::Duration kReportInterval = 1s;
constexpr base::Duration kRejoinAfter = 500ms;
constexpr base::Duration kMendAgainAfter = 5s;

// Codes after which it makes no sense to try again. docs/signalling.md, Connecting.
bool is_final(uint16_t code) {
    return code == 1000 || code == 4400 || code == 4401 || code == 4403 || code == 4409 ||
           code == 4410 || code == 4429;
}

}  // namespace

ModelBrowser::ModelBrowser(const Surroundings& around, const BrowserOptions& options)
    : around_(around),
      options_(options),
      waiter_(around.world.join(*this)),
      random_(around.world.fork_random()),
      line_(around.world.fork_random()),
      sender_(around.world.fork_random(), around.world.now()),
      number_(around.people.add(options.peer, options.room_number, sender_.mouth())),
      receiver_(around.people, options.room_number, number_, around.broken),
      next_report_(around.world.now() + kReportInterval) {
    auto identity = dtls::Identity::make(around.world.now());
    ENSURE(identity);
    identity_ = std::move(*identity);
    sender_.introduce(options.room_number, number_);
    sender_.set_softer(options.softer);
    if (options.ssrc) sender_.set_ssrc(*options.ssrc);
    set_deadline();
}

ModelBrowser::~ModelBrowser() {
    around_.world.leave(waiter_);
}

void ModelBrowser::set_muted(bool muted) {
    sender_.mouth().set_muted(muted);
    paused_ = muted;
    if (producer_.empty()) return;
    // It may have gone with its worker, unnoticed yet: the next one begins as this one should be.
    const auto refused = [this](uint64_t code, std::string_view reason) {
        if (code != 404) on_nonsense("refused: " + std::string(reason));
    };
    client_->request(muted ? "pauseProducer" : "resumeProducer",
                     JsonWriter().object().text("producerId", producer_).end_object().take(), {},
                     refused);
}

void ModelBrowser::set_consumer_paused(const std::string& peer, bool paused) {
    const auto consumer = consumers_.find(peer);
    if (consumer == consumers_.end()) return;
    JsonWriter data;
    data.object().text("consumerId", consumer->second).end_object();
    client_->request(paused ? "pauseConsumer" : "resumeConsumer", data.take());
}

void ModelBrowser::leave() {
    state_ = State::Left;
    if (options_.numbered) {
        client_->request("leave", "{}");
    } else {
        client_->vanish();
    }
    discard_media();
}

void ModelBrowser::vanish() {
    state_ = State::Left;
    client_->vanish();
    discard_media();
}

void ModelBrowser::restart_ice() {
    restart_ice(send_);
    restart_ice(receive_);
}

void ModelBrowser::restart_ice(Side& side) {
    if (!side.leg || !side.connected) return;
    ++ice_restarts_;
    side.restarted = around_.world.now();
    client_->request(
        "restartIce", JsonWriter().object().text("transportId", side.id).end_object().take(),
        in_this_life([&side](Json data) {
            // mediasoup-demo answers the parameters themselves.
            const Json ice = data["iceParameters"].present() ? data["iceParameters"] : data;
            side.leg->restart_ice({std::string(ice["usernameFragment"].text().value_or("")),
                                   std::string(ice["password"].text().value_or(""))});
        }),
        or_later("restartIce"));
}

void ModelBrowser::move(bool knows) {
    for (Side* side : {&send_, &receive_}) {
        if (!side->leg) continue;
        const net::Address address = around_.places.next_address(options_.v6);
        around_.places.settle(side->leg->id(), address);
        side->leg->move(address, knows);
    }
}

std::string ModelBrowser::what_is_missing() const {
    if (state_ == State::Left || state_ == State::Refused) return "";
    if (state_ != State::In) return "not joined";
    if (!client_->connected()) return "no signalling";
    if (options_.publishes && producer_.empty()) return "nothing produced";
    if (options_.publishes && !(send_.leg && send_.leg->connected())) return "nothing to send on";
    const bool hears = receive_.leg && receive_.leg->connected();
    return consumers_.empty() || hears ? "" : "nothing to hear on";
}

void ModelBrowser::on_deadline() {
    const base::Instant now = around_.world.now();
    sender_.on_deadline(now, producer_.empty() ? nullptr : send_.leg.get());
    if (now >= next_report_) {
        next_report_ = now + kReportInterval;
        if (receive_.leg && receive_.leg->connected()) {
            receiver_.send_reports(now, sender_.ssrc(), sender_.cname(), *receive_.leg);
        }
        mend(send_);
        mend(receive_);
    }
    set_deadline();
}

// A transport that does not come back by itself is restarted, as Parley's own client does; a
// classic one waits for its user.
void ModelBrowser::mend(Side& side) {
    if (!options_.numbered || !side.leg || state_ != State::In || !client_->connected()) return;
    using Ice = ControllingAgent::State;
    const Ice ice = side.leg->ice().state();
    const bool away = ice == Ice::Disconnected || ice == Ice::Failed;
    const bool tried = around_.world.now() - side.restarted < kMendAgainAfter;
    if (away && !tried) restart_ice(side);
    if (side.leg->dtls_state() == dtls::State::Failed) start_over();
}

void ModelBrowser::set_deadline() {
    around_.world.set_deadline(waiter_, std::min(sender_.next_deadline(), next_report_));
}

void ModelBrowser::on_closed(uint16_t code, const std::string&) {
    close_code_ = code;
    if (is_final(code) || state_ == State::Left) {
        if (state_ != State::Left) state_ = code == 1000 ? State::Left : State::Refused;
        return discard_media();
    }
    ++rejoins_;
    // Not now: the client that says so is one of those that are about to go.
    around_.world.after(kRejoinAfter, [this, life = life_] {
        if (life == life_ && state_ != State::Left) start_over();
    });
}

void ModelBrowser::on_nonsense(const std::string& what) {
    around_.broken(options_.peer + " was told nonsense: " + what);
}

void ModelBrowser::on_rtp(MediaLeg&, base::Bytes packet) {
    // The answer to `sync` makes consumers ready that it is the first to tell of; what they carry
    // may overtake it.
    if (syncing_ && !receiver_.was_announced(packet)) return;
    receiver_.on_rtp(around_.world.now(), packet);
}

void ModelBrowser::on_rtcp(MediaLeg& leg, base::Bytes compound) {
    // What comes on the sending leg are reports about our own stream.
    if (&leg == receive_.leg.get()) receiver_.on_rtcp(around_.world.now(), compound);
}

void ModelBrowser::on_keys(MediaLeg&, const dtls::SrtpKeys& keys) {
    around_.keys(keys);
}

void ModelBrowser::on_nonsense(MediaLeg&, const char* what) {
    around_.broken(options_.peer + " was sent " + what);
}

}  // namespace parley::sim
