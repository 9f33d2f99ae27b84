#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "tests/sim/controlling_agent.h"
#include "tests/sim/network.h"
#include "worker/dtls/session.h"
#include "worker/srtp/receiver.h"
#include "worker/srtp/sender.h"

namespace parley::sim {

// What signalling says of the transport at the other end.
struct RemoteTransport {
    ice::Credentials ice;
    std::vector<net::Address> candidates;
    std::vector<dtls::Fingerprint> fingerprints;
};

class MediaLeg;

// Hears what arrives on a leg, unprotected and borrowed.
class LegListener {
public:
    virtual ~LegListener() = default;
    virtual void on_rtp(MediaLeg& leg, base::Bytes packet) = 0;
    virtual void on_rtcp(MediaLeg& leg, base::Bytes compound) = 0;
    virtual void on_keys(MediaLeg& leg, const dtls::SrtpKeys& keys) = 0;
    // What no honest worker sends: a packet that is not authentic, or an answer to nothing.
    virtual void on_nonsense(MediaLeg& leg, const char* what) = 0;
};

// One transport of a browser: a socket, ICE, DTLS and SRTP, the latter two the real ones.
class MediaLeg final : public Host, public Waiter {
public:
    struct Options {
        uint32_t id = 0;  // of all legs of a run
        net::Address address;
        dtls::Role role = dtls::Role::Client;
        ControllingAgent::Nomination nomination = ControllingAgent::Nomination::Regular;
    };

    // `line` is the browser's, which its legs share. All that is referred to must outlive it.
    MediaLeg(World& world, Network& network, Line& line, const dtls::Identity& identity,
             LegListener& listener, const Options& options);
    ~MediaLeg() override;

    void connect(RemoteTransport remote);
    void restart_ice(const ice::Credentials& remote);

    // Moves the socket to another address. One that does not know was moved by a NAT: only the
    // next check will tell.
    void move(const net::Address& address, bool knows);

    // In place; nothing leaves before there are keys and a path. `room[0, size)` is a packet.
    bool send_rtp(std::span<uint8_t> room, size_t size);
    bool send_rtcp(std::span<uint8_t> room, size_t size);

    void on_datagrams(std::span<Arrived> batch) override;
    void on_deadline() override;

    uint32_t id() const { return options_.id; }
    const net::Address& address() const { return options_.address; }
    bool connecting() const { return session_ != nullptr; }
    bool connected() const { return sender_.has_value() && agent_.selected().has_value(); }
    bool has_keys() const { return sender_.has_value(); }
    const ControllingAgent& ice() const { return agent_; }
    dtls::State dtls_state() const;
    const RemoteTransport& remote() const { return remote_; }
    // Of the SRTP that it speaks; nullptr before the handshake is done.
    const dtls::SrtpKeys* keys() const;
    uint64_t before_keys() const { return before_keys_; }
    uint64_t replayed() const { return replayed_; }

private:
    void hear(const Arrived& datagram);
    void hear_dtls(base::Bytes bytes);
    void hear_rtp(std::span<uint8_t> bytes);
    void hear_rtcp(std::span<uint8_t> bytes);
    void after_dtls(const dtls::Flight& flight);
    void start_dtls_when_possible();
    void set_deadline();

    World& world_;
    Network& network_;
    Line& line_;
    const dtls::Identity& identity_;
    LegListener& listener_;
    Options options_;
    World::WaiterId waiter_;
    ControllingAgent agent_;
    RemoteTransport remote_;
    std::unique_ptr<dtls::Session> session_;
    bool started_ = false;
    std::optional<srtp::Sender> sender_;
    std::optional<srtp::Receiver> receiver_;
    uint64_t before_keys_ = 0;
    uint64_t replayed_ = 0;
};

}  // namespace parley::sim
