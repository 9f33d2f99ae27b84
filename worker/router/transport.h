#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/base/prefetch.h"
#include "worker/dtls/session.h"
#include "worker/ice/lite_agent.h"
#include "worker/router/app_data.h"
#include "worker/router/turn.h"
#include "worker/srtp/receiver.h"
#include "worker/srtp/sender.h"

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

    // In place; the size of the plain packet, or nothing and a counted drop.
    std::optional<size_t> unprotect_rtp(std::span<uint8_t> packet, Turn& turn);
    std::optional<size_t> unprotect_rtcp(std::span<uint8_t> packet, Turn& turn);

    // Media can leave: there are keys and a path.
    bool can_send() const { return sender_.has_value() && has_path_; }

    // Protects the packet of `size` bytes in `room`, which is what turn.out.next() gave, and
    // commits it. False and nothing sent when it cannot be protected. REQUIRES: can_send().
    bool send_rtp(std::span<uint8_t> room, size_t size, net::Outbox& out) {
        const size_t size_protected = sender_->protect_rtp(room, size);
        if (size_protected == 0) return false;
        out.commit(path_, size_protected);
        ++packets_sent_;
        bytes_sent_ += size_protected;
        return true;
    }
    // Asks for the memory that send_rtp() will touch.
    void prefetch() const { base::prefetch(&sender_, kHotBytes); }

    // The SSRC is never sent again.
    void forget_stream(uint32_t ssrc) {
        if (sender_) sender_->forget(ssrc);
    }
    bool send_rtcp(std::span<uint8_t> room, size_t size, net::Outbox& out);

    void on_deadline(base::Instant now, Turn& turn);
    base::Instant next_deadline() const;

    const ice::LiteAgent& ice() const { return ice_; }
    dtls::State dtls_state() const { return dtls_ ? dtls_->state() : dtls::State::New; }
    std::optional<srtp::Profile> srtp_profile() const { return profile_; }
    uint64_t packets_received() const { return packets_received_; }
    uint64_t bytes_received() const { return bytes_received_; }
    uint64_t packets_sent() const { return packets_sent_; }
    uint64_t bytes_sent() const { return bytes_sent_; }
    void count_received(size_t bytes) { ++packets_received_, bytes_received_ += bytes; }

    // The next transport-wide sequence number, draft-holmer-rmcat-transport-wide-cc-extensions-01.
    uint16_t next_transport_sequence_number() { return ++transport_sequence_number_; }

    const AppData& app_data() const { return app_data_; }
    void set_app_data(AppData app_data) { app_data_ = std::move(app_data); }

    void ensure_invariants() const;

private:
    void send_flight(const dtls::Flight& flight, net::Outbox& out);
    void on_dtls_state(dtls::State before, Turn& turn);
    void take_keys();
    void on_ice_change(ice::State before, base::Instant now, Turn& turn);

    // What a copy on its way out touches, together.
    static constexpr size_t kHotBytes = sizeof(std::optional<srtp::Sender>) + 64;
    std::optional<srtp::Sender> sender_;
    net::Path path_;  // the selected one, when has_path_
    bool has_path_ = false;
    uint16_t transport_sequence_number_ = 0;
    uint64_t packets_sent_ = 0;
    uint64_t bytes_sent_ = 0;

    std::optional<srtp::Receiver> receiver_;
    uint64_t packets_received_ = 0;
    uint64_t bytes_received_ = 0;

    uint64_t id_;
    ice::LiteAgent ice_;
    std::unique_ptr<dtls::Session> dtls_;
    bool dtls_started_ = false;
    dtls::Role role_ = dtls::Role::Server;
    std::optional<srtp::Profile> profile_;
    AppData app_data_;
};

}  // namespace parley::router
