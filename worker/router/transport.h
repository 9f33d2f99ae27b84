#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "worker/dtls/session.h"
#include "worker/ice/lite_agent.h"
#include "worker/router/app_data.h"
#include "worker/router/inlet.h"
#include "worker/router/outlet.h"
#include "worker/router/turn.h"

namespace parley::router {

// One leg of a peer: ICE-lite finds the path, DTLS the keys, SRTP carries the packets. It knows
// bytes and keys; which producer a packet belongs to, and who hears it, is the Router's.
class Transport {
public:
    Transport(uint64_t id, ice::Credentials local, AppData app_data, base::Instant now);

    uint64_t id() const { return id_; }

    // Who the peer is: the fingerprints that its certificate must have, and our DTLS role. False
    // when it was said before.
    bool connect(base::Instant now, const dtls::Identity& identity, dtls::Role role,
                 std::vector<dtls::Fingerprint> remote, Turn& turn);
    void restart_ice(base::Instant now, ice::Credentials local);
    void close(base::Instant now, Turn& turn);  // says close_notify

    void on_stun(base::Instant now, const net::Path& from, base::Bytes bytes, Turn& turn);
    void on_dtls(base::Instant now, base::Bytes bytes, Turn& turn);
    void on_path_closed(base::Instant now, const net::Path& path, Turn& turn);

    // Where its media comes in and leaves. The consumers on it hold on to the outlet.
    Inlet& inlet() { return inlet_; }
    const Inlet& inlet() const { return inlet_; }
    Outlet& outlet() { return outlet_; }
    const Outlet& outlet() const { return outlet_; }

    void on_deadline(base::Instant now, Turn& turn);
    base::Instant next_deadline() const;

    const ice::LiteAgent& ice() const { return ice_; }
    dtls::State dtls_state() const { return dtls_ ? dtls_->state() : dtls::State::New; }
    std::optional<srtp::Profile> srtp_profile() const { return profile_; }

    const AppData& app_data() const { return app_data_; }
    void set_app_data(AppData app_data) { app_data_ = std::move(app_data); }

    void ensure_invariants() const;

private:
    void send_flight(const dtls::Flight& flight, net::Outbox& out);
    void on_dtls_state(dtls::State before, Turn& turn);
    void take_keys();
    void on_ice_change(ice::State before, base::Instant now, Turn& turn);

    Outlet outlet_;
    Inlet inlet_;

    uint64_t id_;
    ice::LiteAgent ice_;
    std::unique_ptr<dtls::Session> dtls_;
    bool dtls_started_ = false;
    dtls::Role role_ = dtls::Role::Server;
    std::optional<srtp::Profile> profile_;
    AppData app_data_;
};

}  // namespace parley::router
