#include "tests/bench/forward/worker_forwarder.h"

#include <openssl/ssl.h>

#include "tests/bench/forward/clock.h"
#include "tests/bench/forward/failure.h"
#include "tests/bench/forward/load.h"
#include "tests/bench/forward/usage.h"

namespace parley::bench {

namespace {

constexpr support::ExtensionIds kExtensions{kMidId, kAudioLevelId, kAbsSendTimeId};
constexpr uint64_t kFirstWords_ns = 50'000'000;

// Ids of the worker's objects, of which none is used twice.
uint64_t router_id(size_t room) { return 1 + room; }
uint64_t producer_id(size_t speaker) { return 1 + speaker; }
uint64_t speaker_transport_id(size_t speaker) { return 1 + speaker; }
uint64_t listener_transport_id(size_t listener) { return 1'000'000 + listener; }
constexpr uint64_t kFirstListenerId = 2'000'000;

const char* srtp_name(srtp::Profile profile) {
    switch (profile) {
        case srtp::Profile::AesCm128HmacSha1_80: return "SRTP_AES128_CM_SHA1_80";
        case srtp::Profile::AeadAes128Gcm: return "SRTP_AEAD_AES_128_GCM";
        case srtp::Profile::AeadAes256Gcm: return "SRTP_AEAD_AES_256_GCM";
    }
    return "";
}

std::unique_ptr<dtls::Identity> make_identity(srtp::Profile profile) {
    auto identity = dtls::Identity::make(now_instant());
    if (!identity) throw Failure("no DTLS identity: " + identity.error());
    // All peers offer the one profile that is measured. 0 is success.
    require(SSL_CTX_set_tlsext_use_srtp((*identity)->context(), srtp_name(profile)) == 0,
            "OpenSSL does not know the SRTP profile");
    return std::move(*identity);
}

}  // namespace

WorkerForwarder::WorkerForwarder(const Scene& scene, const Sockets& sockets,
                                 const WorkerFiles& files, int processor)
    : scene_(scene),
      sockets_(sockets),
      process_(files, processor),
      call_(scene),
      identity_(make_identity(scene.profile)),
      voices_(scene.all_listeners()) {
    for (size_t room = 0; room < scene.rooms; ++room) {
        process_.client().create_router(router_id(room));
    }
    for (uint32_t i = 0; i < scene.all_speakers(); ++i) {
        connect_speaker(i);
        for (const uint32_t listener : call_.hearers[i]) voices_[listener].push_back(i);
    }
    warm_up();
    const uint64_t before = resident_bytes_of(pid());
    for (uint32_t i = 0; i < scene.all_listeners(); ++i) connect_listener(i);
    Load(scene, call_).pace(kFirstWords_ns);
    const auto grown = static_cast<double>(resident_bytes_of(pid()) - before);
    kib_per_listener_ = grown / 1024 / static_cast<double>(scene.all_listeners());
}

void WorkerForwarder::refresh() {
    for (Peer& peer : peers_) peer.check();
    sockets_.discard_all();
}

Peer::Keys WorkerForwarder::connect(size_t room, uint64_t transport,
                                    const DatagramSocket& socket) {
    support::WorkerClient& worker = process_.client();
    Peer peer(socket, worker.create_transport(router_id(room), transport));
    worker.connect_transport(transport, identity_->fingerprints());
    peer.check();
    const Peer::Keys keys = peer.shake_hands(*identity_, scene_.profile);
    peers_.push_back(std::move(peer));
    return keys;
}

void WorkerForwarder::connect_speaker(uint32_t speaker) {
    const DatagramSocket& socket = sockets_.speakers[speaker];
    const uint64_t transport = speaker_transport_id(speaker);
    const Peer::Keys keys = connect(scene_.room_of_speaker(speaker), transport, socket);
    call_.speakers.emplace_back(socket, peers_.back().worker(), speaker, scene_.profile,
                                keys.to_worker);
    process_.client().produce({transport, producer_id(speaker), call_.speakers.back().ssrc(),
                               kPayloadType, std::string(kMid), kExtensions});
}

void WorkerForwarder::connect_listener(uint32_t listener) {
    const DatagramSocket& socket = sockets_.listeners[listener];
    const uint64_t transport = listener_transport_id(listener);
    const Peer::Keys keys = connect(scene_.room_of_listener(listener), transport, socket);
    call_.listeners.emplace_back(socket, scene_.profile, keys.from_worker);
    for (const uint32_t speaker : voices_[listener]) {
        const uint32_t ssrc = process_.client().consume(
            {transport, next_id_++, producer_id(speaker), kPayloadType, std::string(kMid),
             kExtensions});
        call_.listeners.back().expect_voice(ssrc, speaker, call_.speakers[speaker].spoken());
    }
}

// A listener who comes and goes: what the worker needs but once, for code and tables, it has after
// this one.
void WorkerForwarder::warm_up() {
    connect(0, kFirstListenerId, sockets_.listeners[0]);
    peers_.pop_back();
    process_.client().consume({kFirstListenerId, next_id_++, producer_id(voices_[0].front()),
                               kPayloadType, std::string(kMid), kExtensions});
    for (Speaker& speaker : call_.speakers) speaker.speak(now_ns());
    process_.client().close_transport(kFirstListenerId);
    sockets_.discard_all();
}

void WorkerForwarder::require_nothing_dropped() {
    // Media. What is said before anyone listens is heard by nobody, and no drop.
    const support::WorkerCounts counts = process_.client().counts();
    std::string text;
    for (const auto& [name, count] : counts.drops) {
        text += " " + std::to_string(count) + " " + name;
    }
    require(text.empty(), "the worker dropped packets:" + text);
    uint64_t spoken = 0;
    for (const Speaker& speaker : call_.speakers) spoken += speaker.spoken();
    require(counts.rtp_packets_received == spoken,
            "the worker accepted " + std::to_string(counts.rtp_packets_received) + " packets of " +
                std::to_string(spoken));
}

}  // namespace parley::bench
