#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/fuzz/recording.h"
#include "tests/sim/cluster.h"
#include "worker/srtp/receiver.h"

namespace parley::fuzz {

// A server in virtual time on which Ada and Bob talk all the while, and a guest of their room who
// has keys of its own and is up to anything. All laws of the simulator hold throughout, and Ada
// and Bob hear each other's every word, or run() throws.
class Stage final : public sim::Wiretap, public sim::Eavesdropper {
public:
    explicit Stage(uint64_t seed, uint32_t workers = 1);

    // Others join, speak, mute, pause, restart ICE, lose their connection, and leave: what is sent
    // meanwhile is in recording(). The guest is in the room afterwards.
    void rehearse();
    const Recording& recording() const { return recording_; }

    // Lets time pass, and judges what was heard.
    void run(base::Duration how_long);
    // Lets time pass until it is so. False when it is not so in time.
    bool run_until(base::Duration at_most, const std::function<bool()>& so);

    // The guest goes without a word, and comes anew.
    struct Manners {
        bool numbered = true;
        dtls::Role role = dtls::Role::Client;
    };
    void invite(const Manners& manners);
    void dismiss();

    sim::ModelBrowser& guest() { return *guest_; }
    // The guest's signalling connection, 0 before it said anything; and what it sent on it.
    controller::ConnectionId guest_connection() const { return guest_connection_; }
    const std::vector<std::string>& guest_texts() const { return guest_texts_; }
    // The datagrams that the guest has sent since it came, of this protocol.
    const std::vector<Datagram>& guest_dtls() const { return guest_dtls_; }

    sim::Cluster& cluster() { return cluster_; }
    const sim::Peer& ada() const { return ada_; }
    const sim::Peer& bob() const { return bob_; }
    const router::Counters& counters();

    void forge(const net::Address& from, const net::Address& to, Message bytes);

    void on_sent(const net::Address& from, const net::Address& to, base::Bytes bytes,
                 uint64_t digest) override;
    void on_open(controller::ConnectionId connection,
                 const controller::Admission& admission) override;
    void on_text(controller::ConnectionId connection, bool to_server,
                 std::string_view text) override;
    void on_frame(controller::WorkerIndex worker, bool to_worker, base::Bytes frame) override;

private:
    // What a leg of the guest sends, without its protection.
    struct Unprotected {
        uint32_t leg = 0;
        std::optional<srtp::Receiver> receiver;
    };

    const sim::MediaLeg* guest_leg_at(const net::Address& address) const;
    void keep_plain(const sim::MediaLeg& leg, base::Bytes bytes, bool is_rtp);
    void judge();

    sim::Cluster cluster_;
    sim::Room room_;
    sim::Peer ada_, bob_;
    base::Instant judged_;
    Recording recording_;
    bool rehearsing_ = false;
    std::unique_ptr<sim::ModelBrowser> guest_;
    // Guests that have left stay until nothing that was planned for them is due any more.
    std::deque<std::pair<base::Instant, std::unique_ptr<sim::ModelBrowser>>> gone_;
    controller::ConnectionId guest_connection_ = 0;
    std::vector<std::string> guest_texts_;
    std::vector<Datagram> guest_dtls_;
    std::array<Unprotected, 2> unprotected_;
};

// Where a peer's leg sends from and to.
net::Address server_of(const sim::MediaLeg& leg);

}  // namespace parley::fuzz
