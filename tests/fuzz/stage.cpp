#include "tests/fuzz/stage.h"

#include "worker/net/demux.h"

namespace parley::fuzz {

using sim::LawBroken;
using sim::MediaLeg;

namespace {

constexpr const char* kGuest = "guest";
constexpr base::Duration kForEver = std::chrono::hours(1'000);

constexpr base::Duration kStays = 2s;

// Of each kind; a rehearsal sends more RTP than anybody wants to choose from.
constexpr size_t kKept = 400;

template <typename T>
void keep(std::vector<T>& kept, T what) {
    if (kept.size() < kKept) kept.push_back(std::move(what));
}

Message copy_of(base::Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

}  // namespace

net::Address server_of(const MediaLeg& leg) {
    return leg.ice().selected().value_or(
        leg.remote().candidates.empty() ? net::Address{} : leg.remote().candidates.front());
}

Stage::Stage(uint64_t seed, uint32_t workers)
    : cluster_(seed, {.workers = workers}),
      room_(cluster_.room("standup")),
      ada_(room_.join("ada")),
      bob_(room_.join("bob")) {
    cluster_.network().tap(*this);
    cluster_.machine().overhear(*this);
    rehearsing_ = true;
    if (!cluster_.settle()) throw LawBroken("Ada and Bob do not meet");
    rehearsing_ = false;
    ada_.speak(kForEver);
    bob_.speak(kForEver);
    judged_ = cluster_.now() + 100ms;
}

void Stage::rehearse() {
    rehearsing_ = true;
    for (const bool numbered : {true, false}) {
        sim::Peer carl = room_.join(numbered ? "carl" : "cleo", {.numbered = numbered});
        invite({.numbered = !numbered, .role = numbered ? dtls::Role::Client : dtls::Role::Server});
        guest_->mouth().speak(cluster_.now(), 5s);
        run_until(5s, [&] { return carl.in_room() && guest_->settled(); });
        carl.speak(1s);
        run(1500ms);
        carl.mute();
        carl.pause_hearing(ada_);
        run(200ms);
        carl.unmute();
        carl.resume_hearing(ada_);
        carl.restart_ice();
        run(1s);
        if (numbered) carl.drop_signalling(300ms);
        run(2s);
        carl.leave();
        run(500ms);
        dismiss();
        run(500ms);
    }
    invite({});
    const bool back = run_until(5s, [&] { return guest_->settled(); });
    guest_->mouth().speak(cluster_.now(), 2s);
    run(4s);
    rehearsing_ = false;
    if (!back) throw LawBroken("the guest does not come in");
}

void Stage::run(base::Duration how_long) {
    cluster_.run(how_long);
    cluster_.machine().forget_events();
    while (!gone_.empty() && gone_.front().first <= cluster_.now()) gone_.pop_front();
    judge();
}

bool Stage::run_until(base::Duration at_most, const std::function<bool()>& so) {
    const base::Instant end = cluster_.now() + at_most;
    while (!so()) {
        if (cluster_.now() >= end) return false;
        run(20ms);
    }
    return true;
}

// Whatever else happens: every word of the one arrives at the other.
void Stage::judge() {
    const base::Instant end = cluster_.now() - sim::Heard::kTooLate;
    if (end < judged_ + 500ms) return;
    for (const auto& [listener, speaker] : {std::pair(ada_, bob_), std::pair(bob_, ada_)}) {
        const sim::Heard heard = listener.heard(speaker).since(judged_).until(end);
        if (heard.said() > 0 && heard.words() == heard.said()) continue;
        throw LawBroken(listener.name() + " heard " + std::to_string(heard.words()) + " of " +
                        std::to_string(heard.said()) + " words of " + speaker.name());
    }
    judged_ = end;
}

void Stage::invite(const Manners& manners) {
    dismiss();
    guest_connection_ = 0;
    guest_texts_.clear();
    guest_dtls_.clear();
    for (Unprotected& leg : unprotected_) leg = {};
    cluster_.people().distrust(kGuest);
    sim::Surroundings around = cluster_.surroundings();
    around.broken = [](const std::string&) {};  // what becomes of the guest is its own affair
    sim::BrowserOptions options;
    options.room = room_.name();
    options.peer = kGuest;
    options.numbered = manners.numbered;
    options.role = manners.role;
    guest_ = std::make_unique<sim::ModelBrowser>(around, options);
    guest_->join();
}

void Stage::dismiss() {
    if (!guest_) return;
    guest_->vanish();
    gone_.emplace_back(cluster_.now() + kStays, std::move(guest_));
}

const router::Counters& Stage::counters() {
    return cluster_.machine().worker(0)->engine().counters();
}

void Stage::forge(const net::Address& from, const net::Address& to, Message bytes) {
    cluster_.network().forge(from, to, bytes);
}

const MediaLeg* Stage::guest_leg_at(const net::Address& address) const {
    if (!guest_) return nullptr;
    for (const MediaLeg* leg : {guest_->sending_leg(), guest_->receiving_leg()}) {
        if (leg && leg->address() == address) return leg;
    }
    return nullptr;
}

void Stage::on_sent(const net::Address& from, const net::Address& to, base::Bytes bytes, uint64_t) {
    const net::Protocol protocol = net::protocol_of(bytes);
    const MediaLeg* leg = guest_leg_at(from);
    if (leg && protocol == net::Protocol::Dtls) keep(guest_dtls_, {from, to, copy_of(bytes)});
    if (!rehearsing_) return;
    const bool is_rtp = protocol == net::Protocol::Rtp;
    switch (protocol) {
        case net::Protocol::Stun: return keep(recording_.stun, {from, to, copy_of(bytes)});
        case net::Protocol::Dtls: return keep(recording_.dtls, {from, to, copy_of(bytes)});
        case net::Protocol::Rtp: keep(recording_.srtp, {from, to, copy_of(bytes)}); break;
        case net::Protocol::Rtcp: keep(recording_.srtcp, {from, to, copy_of(bytes)}); break;
        case net::Protocol::Unknown: return;
    }
    if (leg && leg->keys()) keep_plain(*leg, bytes, is_rtp);
}

void Stage::keep_plain(const MediaLeg& leg, base::Bytes bytes, bool is_rtp) {
    Unprotected& own = unprotected_[&leg == guest_->sending_leg() ? 0 : 1];
    if (own.leg != leg.id()) {
        const auto profile = srtp::profile_of_iana(leg.keys()->profile);
        own.leg = leg.id();
        own.receiver.emplace(*profile, srtp::split_master(*profile, leg.keys()->local));
    }
    Message packet = copy_of(bytes);
    const auto size =
        is_rtp ? own.receiver->unprotect_rtp(packet) : own.receiver->unprotect_rtcp(packet);
    if (!size) return;
    packet.resize(*size);
    keep(is_rtp ? recording_.rtp : recording_.rtcp, std::move(packet));
}

void Stage::on_open(controller::ConnectionId connection, const controller::Admission& admission) {
    if (admission.peer == kGuest) guest_connection_ = connection;
}

void Stage::on_text(controller::ConnectionId connection, bool to_server, std::string_view text) {
    if (to_server && connection == guest_connection_) keep(guest_texts_, std::string(text));
    if (rehearsing_) {
        keep(to_server ? recording_.to_server : recording_.to_client, std::string(text));
    }
}

void Stage::on_frame(controller::WorkerIndex, bool to_worker, base::Bytes frame) {
    if (!rehearsing_) return;
    keep(to_worker ? recording_.to_worker : recording_.from_worker, copy_of(frame));
}

}  // namespace parley::fuzz
