#include "tests/bench/forward/bare_loop.h"

#include <cstring>
#include <utility>

#include "common/base/random.h"
#include "tests/bench/forward/bare_cipher.h"
#include "tests/bench/forward/failure.h"
#include "worker/srtp/packet_index.h"

namespace parley::bench {

namespace {

constexpr size_t kBatch = 64;
constexpr size_t kRoomBytes = 2048;

// The next sequence number of a voice, less that of its speaker; the same for timestamps.
constexpr uint64_t kIndexAhead = 1'000;
constexpr uint32_t kTicksAhead = 77'777;

struct Voice {
    uint32_t listener;
    uint32_t ssrc;
};

struct Source {
    std::unique_ptr<BareCipher> cipher;
    uint64_t highest = 0;
    std::vector<Voice> voices;
};

struct Destination {
    std::unique_ptr<BareCipher> cipher;
    sockaddr_in address;
};

struct Route {
    std::vector<Source> sources;
    std::vector<Destination> destinations;
    std::vector<uint16_t> source_of_port = std::vector<uint16_t>(65'536);
};

uint16_t get_u16(const uint8_t* at) {
    return static_cast<uint16_t>(at[0] << 8 | at[1]);
}

uint32_t get_u32(const uint8_t* at) {
    uint32_t value;
    std::memcpy(&value, at, sizeof value);
    return ntohl(value);
}

void put_u16(uint8_t* at, uint16_t value) {
    at[0] = static_cast<uint8_t>(value >> 8);
    at[1] = static_cast<uint8_t>(value);
}

void put_u32(uint8_t* at, uint32_t value) {
    value = htonl(value);
    std::memcpy(at, &value, sizeof value);
}

// Messages for recvmmsg or sendmmsg, each with room for one packet.
struct Messages {
    Messages() {
        for (size_t i = 0; i < kBatch; ++i) {
            buffers[i] = {rooms[i].data(), kRoomBytes};
            headers[i].msg_hdr.msg_iov = &buffers[i];
            headers[i].msg_hdr.msg_iovlen = 1;
            headers[i].msg_hdr.msg_name = &names[i];
            headers[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
        }
    }

    std::array<std::array<uint8_t, kRoomBytes>, kBatch> rooms;
    std::array<iovec, kBatch> buffers;
    std::array<sockaddr_in, kBatch> names;
    std::array<mmsghdr, kBatch> headers{};
};

class Loop {
public:
    Loop(int socket, Route route) : socket_(socket), route_(std::move(route)) {}

    [[noreturn]] void run() {
        for (;;) {
            const int count =
                recvmmsg(socket_, in_.headers.data(), kBatch, MSG_WAITFORONE, nullptr);
            for (int i = 0; i < count; ++i) {
                const auto at = static_cast<size_t>(i);
                const uint16_t port = ntohs(in_.names[at].sin_port);
                Source& source = route_.sources[route_.source_of_port[port]];
                forward(source, in_.rooms[at].data(), in_.headers[at].msg_len);
            }
            flush();
        }
    }

private:
    void forward(Source& source, uint8_t* packet, size_t size) {
        if (size < 16 || packet[0] >> 6 != 2) return;
        size_t head = 12 + 4u * (packet[0] & 0x0f);
        if ((packet[0] & 0x10) != 0) head += 4 + 4u * get_u16(packet + head + 2);
        if (head + 16 > size) return;
        const uint16_t sequence_number = get_u16(packet + 2);
        const auto index =
            static_cast<uint64_t>(srtp::nearest_index(source.highest, sequence_number));
        size = source.cipher->open(packet, head, size, get_u32(packet + 8), index);
        if (size == 0) return;
        source.highest = std::max(source.highest, index);
        for (const Voice& voice : source.voices) copy(voice, packet, head, size, index);
    }

    void copy(const Voice& voice, const uint8_t* packet, size_t head, size_t size,
              uint64_t index) {
        if (waiting_ == kBatch) flush();
        const Destination& destination = route_.destinations[voice.listener];
        uint8_t* const room = out_.rooms[waiting_].data();
        std::memcpy(room, packet, size);
        const uint64_t index_out = index + kIndexAhead;
        put_u16(room + 2, static_cast<uint16_t>(index_out));
        put_u32(room + 4, get_u32(packet + 4) + kTicksAhead);
        put_u32(room + 8, voice.ssrc);
        out_.names[waiting_] = destination.address;
        out_.buffers[waiting_].iov_len =
            destination.cipher->seal(room, head, size, voice.ssrc, index_out);
        ++waiting_;
    }

    void flush() {
        size_t sent = 0;
        while (sent < waiting_) {
            const int count = sendmmsg(socket_, &out_.headers[sent],
                                       static_cast<unsigned>(waiting_ - sent), 0);
            if (count > 0) sent += static_cast<size_t>(count);
        }
        waiting_ = 0;
    }

    int socket_;
    Route route_;
    Messages in_;
    Messages out_;
    size_t waiting_ = 0;
};

srtp::Master some_master(base::Random& random) {
    srtp::Master master;
    random.fill(master.key);
    random.fill(master.salt);
    return master;
}

// Gives everybody keys and every voice an SSRC, on both sides.
Route connect(const Scene& scene, const Sockets& sockets, uint16_t port, Call& call) {
    base::SeededRandom random(2);
    Route route;
    for (const DatagramSocket& socket : sockets.listeners) {
        const srtp::Master master = some_master(random);
        call.listeners.emplace_back(socket, scene.profile, master);
        route.destinations.push_back(
            {BareCipher::make(scene.profile, master, true), loopback(socket.port())});
    }
    for (uint32_t i = 0; i < scene.all_speakers(); ++i) {
        const srtp::Master master = some_master(random);
        call.speakers.emplace_back(sockets.speakers[i], loopback(port), i, scene.profile, master);
        Source source{BareCipher::make(scene.profile, master, false), 0, {}};
        for (const uint32_t listener : call.hearers[i]) {
            const uint32_t ssrc = random.u32();
            source.voices.push_back({listener, ssrc});
            call.listeners[listener].expect_voice(ssrc, i, 0);
        }
        route.source_of_port[sockets.speakers[i].port()] = static_cast<uint16_t>(i);
        route.sources.push_back(std::move(source));
    }
    return route;
}

}  // namespace

BareLoop::BareLoop(const Scene& scene, const Sockets& sockets, int processor)
    : sockets_(sockets),
      call_(scene),
      child_(processor, [this, route = connect(scene, sockets, socket_.port(), call_)]() mutable {
          auto loop = std::make_unique<Loop>(socket_.fd(), std::move(route));
          loop->run();
      }) {}

}  // namespace parley::bench
