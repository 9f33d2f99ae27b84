#include "worker/router/transport.h"

#include <algorithm>
#include <utility>

namespace parley::router {

using base::Bytes;
using base::Instant;
using net::Drop;

namespace {

// The IANA number that DTLS agreed on, RFC 5764 §4.1.2, RFC 7714 §14.2.
std::optional<srtp::Profile> profile_of(uint16_t number) {
    switch (number) {
        case 0x0001: return srtp::Profile::AesCm128HmacSha1_80;
        case 0x0007: return srtp::Profile::AeadAes128Gcm;
        case 0x0008: return srtp::Profile::AeadAes256Gcm;
    }
    return std::nullopt;
}

srtp::Master master_of(const std::array<uint8_t, 46>& block, const dtls::SrtpKeys& keys) {
    srtp::Master master{};
    std::copy_n(block.begin(), keys.key_size, master.key.begin());
    std::copy_n(block.begin() + static_cast<ptrdiff_t>(keys.key_size), keys.salt_size,
                master.salt.begin());
    return master;
}

}  // namespace

Transport::Transport(uint64_t id, ice::Credentials local, AppData app_data, Instant now)
    : id_(id), ice_(std::move(local), now), app_data_(std::move(app_data)) {}

bool Transport::connect(Instant now, const dtls::Identity& identity, dtls::Role role,
                        std::vector<dtls::Fingerprint> remote, Turn& turn) {
    if (dtls_) return false;
    role_ = role;
    dtls_ = std::make_unique<dtls::Session>(identity, role, std::move(remote), now);
    on_ice_change(ice_.state(), now, turn);  // a path may have been there first
    ensure_invariants();
    return true;
}

void Transport::restart_ice(Instant now, ice::Credentials local) {
    ice_.restart(now, std::move(local));
}

void Transport::close(Instant now, Turn& turn) {
    if (!dtls_) return;
    dtls::Flight flight;
    dtls_->close(now, flight);
    send_flight(flight, turn.out);
}

void Transport::on_stun(Instant now, const net::Path& from, Bytes bytes, Turn& turn) {
    const uint32_t changes = ice_.changes();
    const ice::State state = ice_.state();
    switch (ice_.on_stun(now, from, bytes, turn.out)) {
        case ice::Heard::Answered:
        case ice::Heard::Ignored: ++turn.counters.stun_received; break;
        case ice::Heard::Malformed: turn.drop(Drop::StunMalformed); break;
        case ice::Heard::UnknownUser: turn.drop(Drop::StunUnknownUser); break;
        case ice::Heard::Unauthenticated: turn.drop(Drop::StunUnauthenticated); break;
    }
    if (ice_.changes() != changes) on_ice_change(state, now, turn);
    ensure_invariants();
}

void Transport::on_path_closed(Instant now, const net::Path& path, Turn& turn) {
    const uint32_t changes = ice_.changes();
    const ice::State state = ice_.state();
    ice_.on_path_closed(now, path);
    if (ice_.changes() != changes) on_ice_change(state, now, turn);
    ensure_invariants();
}

void Transport::on_ice_change(ice::State before, Instant now, Turn& turn) {
    const auto selected = ice_.selected();
    const bool moved = selected != outlet_.path();
    outlet_.set_path(selected);
    if (moved || ice_.state() != before) {
        turn.notices.emplace_back(
            IceStateChanged{id_, ice_.state(), selected ? net::to_text(selected->remote) : ""});
    }
    if (outlet_.has_path() && dtls_ && role_ == dtls::Role::Client && !dtls_started_) {
        dtls_started_ = true;
        const dtls::State state = dtls_->state();
        dtls::Flight flight;
        dtls_->start(now, flight);
        send_flight(flight, turn.out);
        on_dtls_state(state, turn);
    }
}

void Transport::on_dtls(Instant now, Bytes bytes, Turn& turn) {
    if (!dtls_ || dtls_->state() == dtls::State::Failed || dtls_->state() == dtls::State::Closed) {
        return turn.drop(Drop::DtlsUnexpected);
    }
    const dtls::State state = dtls_->state();
    const uint64_t malformed = dtls_->malformed();
    dtls::Flight flight;
    dtls_->on_datagram(now, bytes, flight);
    send_flight(flight, turn.out);
    if (dtls_->malformed() != malformed) {
        turn.drop(Drop::DtlsMalformed);
    } else {
        ++turn.counters.dtls_received;
    }
    on_dtls_state(state, turn);
    ensure_invariants();
}

void Transport::on_dtls_state(dtls::State before, Turn& turn) {
    const dtls::State state = dtls_->state();
    if (state == before) return;
    if (state == dtls::State::Connected) {
        take_keys();
        ++turn.counters.handshakes_completed;
    } else {
        outlet_.clear_keys();
        inlet_.clear_keys();
        if (state == dtls::State::Failed) ++turn.counters.handshakes_failed;
    }
    turn.notices.emplace_back(DtlsStateChanged{id_, state, dtls_->why()});
}

void Transport::take_keys() {
    const std::optional<dtls::SrtpKeys>& keys = dtls_->keys();
    ENSURE(keys.has_value());
    profile_ = profile_of(keys->profile);
    ENSURE(profile_.has_value());  // dtls offers these three and no other
    outlet_.set_keys(*profile_, master_of(keys->local, *keys));
    inlet_.set_keys(*profile_, master_of(keys->remote, *keys));
}

void Transport::send_flight(const dtls::Flight& flight, net::Outbox& out) {
    if (!outlet_.has_path()) return;  // retransmitted by deadline when there is one again
    for (const auto& datagram : flight) outlet_.send_plain(datagram, out);
}

void Transport::on_deadline(Instant now, Turn& turn) {
    if (ice_.next_deadline() <= now) {
        const uint32_t changes = ice_.changes();
        const ice::State state = ice_.state();
        ice_.on_deadline(now);
        if (ice_.changes() != changes) on_ice_change(state, now, turn);
    }
    if (dtls_ && dtls_->next_deadline() <= now) {
        const dtls::State state = dtls_->state();
        dtls::Flight flight;
        dtls_->on_deadline(now, flight);
        send_flight(flight, turn.out);
        on_dtls_state(state, turn);
    }
    ensure_invariants();
}

Instant Transport::next_deadline() const {
    return std::min(ice_.next_deadline(), dtls_ ? dtls_->next_deadline() : Instant::never());
}

void Transport::ensure_invariants() const {
    ENSURE(outlet_.has_keys() == inlet_.has_keys());
    ENSURE(outlet_.has_keys() == (dtls_state() == dtls::State::Connected));
    ENSURE(outlet_.path() == ice_.selected());
}

}  // namespace parley::router
