#include "tests/bench/forward/peer.h"

#include <utility>

#include "tests/bench/forward/clock.h"
#include "tests/bench/forward/failure.h"
#include "worker/dtls/session.h"
#include "worker/net/demux.h"
#include "worker/stun/writer.h"

namespace parley::bench {

namespace {

constexpr uint64_t kGiveUp_ns = 10'000'000'000;
constexpr int kLookAgain_ms = 20;

void send_flight(const DatagramSocket& socket, const sockaddr_in& to, dtls::Flight& flight) {
    for (const auto& datagram : flight) socket.send(datagram, to);
    flight.clear();
}

}  // namespace

Peer::Peer(const DatagramSocket& socket, support::TransportCreated created)
    : socket_(&socket), created_(std::move(created)), worker_(loopback(created_.port)) {}

void Peer::check() {
    std::array<uint8_t, 512> room;
    stun::TransactionId id{};
    base::ByteWriter(id).u32(++checks_);
    const std::string username = created_.username_fragment + ":peer";
    const size_t size = stun::write_binding_request(room, {.transaction_id = id,
                                                           .username = username,
                                                           .password = created_.password,
                                                           .priority = 1,
                                                           .ice_controlling = 1,
                                                           .ice_controlled = std::nullopt,
                                                           .use_candidate = true});
    DatagramReader reader;
    for (const uint64_t begun = now_ns(); now_ns() < begun + kGiveUp_ns;) {
        socket_->send(std::span(room).first(size), worker_);
        if (!socket_->wait_readable(kLookAgain_ms)) continue;
        const size_t count = reader.read(socket_->fd());
        for (size_t i = 0; i < count; ++i) {
            const auto message = stun::parse_message(reader.datagram(i));
            if (message && message->message_class == stun::Class::Success) return;
        }
    }
    throw Failure("the worker does not answer connectivity checks");
}

Peer::Keys Peer::shake_hands(const dtls::Identity& identity, srtp::Profile wanted) {
    dtls::Session session(identity, dtls::Role::Client, created_.fingerprints, now_instant());
    dtls::Flight flight;
    DatagramReader reader;
    session.start(now_instant(), flight);
    send_flight(*socket_, worker_, flight);
    while (session.state() == dtls::State::Handshaking) {
        socket_->wait_readable(kLookAgain_ms);
        const size_t count = reader.read(socket_->fd());
        for (size_t i = 0; i < count; ++i) {
            if (net::protocol_of(reader.datagram(i)) == net::Protocol::Dtls) {
                session.on_datagram(now_instant(), reader.datagram(i), flight);
            }
        }
        if (session.next_deadline() <= now_instant()) session.on_deadline(now_instant(), flight);
        send_flight(*socket_, worker_, flight);
    }
    require(session.state() == dtls::State::Connected,
            "no DTLS handshake with the worker: " + std::string(to_text(session.why())));
    const dtls::SrtpKeys& keys = *session.keys();
    require(srtp::profile_of_iana(keys.profile) == wanted, "DTLS chose another SRTP profile");
    return {srtp::split_master(wanted, keys.local), srtp::split_master(wanted, keys.remote)};
}

}  // namespace parley::bench
