#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "pipe_generated.h"
#include "worker/engine/engine.h"
#include "worker/srtp/receiver.h"
#include "worker/srtp/sender.h"

namespace parley::test {

using base::Instant;
using Bytes = std::vector<uint8_t>;

// What an engine sent, by destination.
class Post final : public net::DatagramSink {
public:
    void send(std::span<const net::Datagram> batch) override;
    std::vector<Bytes> take(const net::Path& path);  // in the order they were sent

private:
    std::map<std::string, std::vector<Bytes>> waiting_;
};

// A reply with the buffer that it lies in.
struct Replied {
    std::shared_ptr<Bytes> frame;
    const pipe::Reply* reply = nullptr;

    const pipe::Reply* operator->() const { return reply; }
    bool ok() const { return reply->error() == pipe::ErrorCode::None; }
};

struct Encoding {
    uint32_t ssrc = 0;
    std::string rid = {};
};

// One engine with one controller that has said Hello, in virtual time.
class Fixture {
public:
    explicit Fixture(uint64_t seed = 1, engine::Options options = {});

    // Sends one request and returns its reply.
    template <typename T>
    Replied ask(flatbuffers::FlatBufferBuilder& fbb, flatbuffers::Offset<T> body) {
        return ask(fbb, pipe::RequestBodyTraits<T>::enum_value, body.Union());
    }
    Replied create_router(uint64_t id);
    Replied create_transport(uint64_t router, uint64_t id, Bytes app_data = {});
    Replied close_transport(uint64_t id);
    Replied produce(uint64_t transport, uint64_t id, Encoding encoding, std::string mid = "",
                    bool paused = false, uint32_t csrc = 0);
    Replied close_producer(uint64_t id);
    Replied pause_producer(uint64_t id, bool paused);
    Replied consume(uint64_t transport, uint64_t id, uint64_t producer, bool paused = false);
    Replied close_consumer(uint64_t id);
    Replied pause_consumer(uint64_t id, bool paused);
    // Consumers `first` and on, with their numbers as mids.
    Replied consume_slots(uint64_t transport, uint64_t first, size_t count, uint32_t self_csrc,
                          bool paused = false);
    Replied set_slot_rules(uint64_t transport, std::vector<uint32_t> muted,
                           std::vector<uint32_t> pinned);
    Replied transport_stats(uint64_t id);
    Replied snapshot();

    // Delivers a datagram to the engine, and flushes what it answers.
    void deliver(const net::Path& from, Bytes datagram);
    void pass(base::Duration time);  // running every deadline in between

    std::vector<Bytes> frames_to(engine::ControllerId controller);
    uint64_t drops(net::Drop why) const { return engine.counters().drops[why]; }

    Instant now = Instant::from_micros(1'800'000'000'000'000);
    base::SeededRandom random;
    std::unique_ptr<dtls::Identity> identity;
    Post post;
    net::Outbox out{post};
    engine::Engine engine;
    engine::ControllerId speaker = 1;  // who asks

private:
    Replied ask(flatbuffers::FlatBufferBuilder& fbb, pipe::RequestBody type,
                flatbuffers::Offset<void> body);

    uint32_t last_request_ = 0;
};

constexpr engine::ControllerId kController = 1;

// One frame with one request, without its size prefix, as a controller sends it.
Bytes frame_of(flatbuffers::FlatBufferBuilder& fbb, uint32_t id, pipe::RequestBody type,
               flatbuffers::Offset<void> body);
Bytes hello_frame(uint16_t major = 1, const char* name = "test");

// The browser's end of one transport, with real ICE, DTLS and SRTP.
class ModelPeer {
public:
    // Creates the transport `id` in the router and connects it; path and keys are there after.
    ModelPeer(Fixture& fixture, uint64_t router, uint64_t id, uint16_t port);

    void check(bool use_candidate = true);  // one connectivity check, from path()
    void handshake();
    void move_to(uint16_t port, uint8_t local = 0) {
        path_.remote.port = port;
        path_.local = local;
    }

    // Sends what is a whole plain packet.
    void send_rtp(Bytes packet);
    void send_rtcp(Bytes packet);

    // What arrived since the last call, plain. Anything but media is answered on the way.
    std::vector<Bytes> receive_rtp();
    std::vector<Bytes> receive_rtcp();

    uint64_t id() const { return id_; }
    const net::Path& path() const { return path_; }
    dtls::State dtls_state() const { return session_->state(); }

private:
    void receive();

    Fixture& fixture_;
    uint64_t id_;
    net::Path path_;
    std::string remote_fragment_, remote_password_;
    std::unique_ptr<dtls::Identity> identity_;
    std::unique_ptr<dtls::Session> session_;
    std::optional<srtp::Sender> sender_;
    std::optional<srtp::Receiver> receiver_;
    std::vector<Bytes> rtp_, rtcp_;
};

// A plain RTP packet of Opus, payload type 111, with these extension elements in one-byte form.
struct Packet {
    uint32_t ssrc = 0x1111;
    uint16_t sequence_number = 100;
    uint32_t timestamp = 1000;
    std::string payload = "voice";
    uint8_t payload_type = 111;
    std::string mid = {};             // extension id 1
    std::optional<int8_t> dbov = {};  // extension id 10
};
Bytes rtp_bytes(const Packet& packet);

}  // namespace parley::test
