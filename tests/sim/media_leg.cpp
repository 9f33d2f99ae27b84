#include "tests/sim/media_leg.h"

#include <utility>

#include "worker/net/demux.h"

namespace parley::sim {

MediaLeg::MediaLeg(World& world, Network& network, Line& line, const dtls::Identity& identity,
                   LegListener& listener, const Options& options)
    : world_(world),
      network_(network),
      line_(line),
      identity_(identity),
      listener_(listener),
      options_(options),
      waiter_(world.join(*this)),
      agent_(world.fork_random(), options.nomination,
             [this](const net::Address& to, base::Bytes bytes) {
                 network_.send(options_.address, to, bytes);
             }) {
    network_.bind(options_.address, *this, line_);
}

MediaLeg::~MediaLeg() {
    network_.unbind(options_.address);
    world_.leave(waiter_);
}

void MediaLeg::connect(RemoteTransport remote) {
    remote_ = std::move(remote);
    session_ = std::make_unique<dtls::Session>(identity_, options_.role, remote_.fingerprints,
                                               world_.now());
    agent_.start(world_.now(), remote_.ice, remote_.candidates);
    set_deadline();
}

void MediaLeg::restart_ice(const ice::Credentials& remote) {
    remote_.ice = remote;
    agent_.start(world_.now(), remote_.ice, remote_.candidates);
    set_deadline();
}

void MediaLeg::move(const net::Address& address, bool knows) {
    network_.unbind(options_.address);
    options_.address = address;
    network_.bind(options_.address, *this, line_);
    if (knows) agent_.on_new_address(world_.now());
    set_deadline();
}

bool MediaLeg::send_rtp(std::span<uint8_t> room, size_t size) {
    if (!connected()) return false;
    const size_t size_protected = sender_->protect_rtp(room, size);
    if (size_protected == 0) return false;
    network_.send(options_.address, *agent_.selected(), room.first(size_protected));
    return true;
}

bool MediaLeg::send_rtcp(std::span<uint8_t> room, size_t size) {
    if (!connected()) return false;
    const size_t size_protected = sender_->protect_rtcp(room, size);
    if (size_protected == 0) return false;
    network_.send(options_.address, *agent_.selected(), room.first(size_protected));
    return true;
}

void MediaLeg::on_datagrams(std::span<Arrived> batch) {
    for (const Arrived& datagram : batch) hear(datagram);
    set_deadline();
}

void MediaLeg::hear(const Arrived& datagram) {
    switch (net::protocol_of(datagram.bytes)) {
        case net::Protocol::Stun:
            agent_.on_stun(world_.now(), datagram.from, datagram.bytes);
            start_dtls_when_possible();
            break;
        case net::Protocol::Dtls: hear_dtls(datagram.bytes); break;
        case net::Protocol::Rtp: hear_rtp(datagram.bytes); break;
        case net::Protocol::Rtcp: hear_rtcp(datagram.bytes); break;
        case net::Protocol::Unknown: listener_.on_nonsense(*this, "bytes of no protocol"); break;
    }
}

void MediaLeg::start_dtls_when_possible() {
    if (started_ || !session_ || !agent_.selected()) return;
    started_ = true;
    dtls::Flight flight;
    session_->start(world_.now(), flight);
    after_dtls(flight);
}

void MediaLeg::hear_dtls(base::Bytes bytes) {
    if (!session_) return;
    dtls::Flight flight;
    session_->on_datagram(world_.now(), bytes, flight);
    after_dtls(flight);
}

void MediaLeg::after_dtls(const dtls::Flight& flight) {
    // A server may be greeted before its own checks were answered; it answers by the first
    // candidate, which is where the greeting came from.
    const net::Address to = agent_.selected().value_or(remote_.candidates.front());
    for (const auto& datagram : flight) network_.send(options_.address, to, datagram);
    if (sender_ || session_->state() != dtls::State::Connected) return;
    const dtls::SrtpKeys& keys = *session_->keys();
    const auto profile = srtp::profile_of_iana(keys.profile);
    if (!profile) return listener_.on_nonsense(*this, "an SRTP profile that was not offered");
    sender_.emplace(*profile, srtp::split_master(*profile, keys.local));
    receiver_.emplace(*profile, srtp::split_master(*profile, keys.remote));
    listener_.on_keys(*this, keys);
}

void MediaLeg::hear_rtp(std::span<uint8_t> bytes) {
    if (!receiver_) {
        ++before_keys_;
        return;
    }
    const auto size = receiver_->unprotect_rtp(bytes);
    if (size) return listener_.on_rtp(*this, bytes.first(*size));
    if (size.error() == srtp::Error::Replayed) {
        ++replayed_;
    } else if (size.error() != srtp::Error::TooManyStreams) {
        listener_.on_nonsense(*this, "RTP that is not authentic");
    }
}

void MediaLeg::hear_rtcp(std::span<uint8_t> bytes) {
    if (!receiver_) return;
    const auto size = receiver_->unprotect_rtcp(bytes);
    if (size) return listener_.on_rtcp(*this, bytes.first(*size));
    if (size.error() == srtp::Error::TooManyStreams) return;  // ours remembers fewer than theirs
    if (size.error() != srtp::Error::Replayed) {
        listener_.on_nonsense(*this, "RTCP that is not authentic");
    }
}

void MediaLeg::on_deadline() {
    agent_.on_deadline(world_.now());
    if (session_ && session_->next_deadline() <= world_.now()) {
        dtls::Flight flight;
        session_->on_deadline(world_.now(), flight);
        after_dtls(flight);
    }
    set_deadline();
}

void MediaLeg::set_deadline() {
    const base::Instant dtls = session_ ? session_->next_deadline() : base::Instant::never();
    world_.set_deadline(waiter_, std::min(agent_.next_deadline(), dtls));
}

const dtls::SrtpKeys* MediaLeg::keys() const {
    return sender_ ? &*session_->keys() : nullptr;
}

dtls::State MediaLeg::dtls_state() const {
    return session_ ? session_->state() : dtls::State::New;
}

}  // namespace parley::sim
