// Whether DTLS and SRTP are a function of the seed: handshakes over a lossy link and voice both
// ways, in virtual time and with seeded randomness, to a hash of every byte on the wire.
// usage: canary SEED   prints the hash, after three runs in this process that must agree
//        canary        does so in processes of its own, and fails unless they agree
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/ensure.h"
#include "common/base/random.h"
#include "tests/sim/virtual_world/seeded_rand.h"
#include "tests/sim/virtual_world/virtual_clock.h"
#include "worker/dtls/session.h"
#include "worker/srtp/receiver.h"
#include "worker/srtp/sender.h"

using namespace parley;

namespace {

const base::Instant kBegin = base::Instant::from_micros(1'800'000'000'000'000);
constexpr size_t kHandshakes = 5, kVoicePackets = 200;

// SHA-256 over what each side said, in order.
class WireHash {
public:
    void add(bool by_client, base::Bytes bytes) {
        said_.push_back(by_client ? 'C' : 'S');
        said_.insert(said_.end(), bytes.begin(), bytes.end());
    }
    std::string text() const {
        std::array<uint8_t, SHA256_DIGEST_LENGTH> hash;
        SHA256(said_.data(), said_.size(), hash.data());
        std::string text;
        for (const uint8_t byte : hash) {
            text += "0123456789abcdef"[byte >> 4];
            text += "0123456789abcdef"[byte & 15];
        }
        return text;
    }

private:
    std::vector<uint8_t> said_;
};

struct World {
    explicit World(uint64_t seed) : rand(seed), random(seed + 1) {}

    std::unique_ptr<dtls::Identity> identity() {
        auto made = dtls::Identity::make(now);
        ENSURE(made.ok());
        return std::move(*made);
    }

    sim::SeededRand rand;
    base::SeededRandom random;
    base::Instant now = kBegin;
    sim::VirtualClock clock{now};
    WireHash wire;
    size_t lost = 0;
};

// What is not lost arrives at once; time passes only by waiting for somebody's deadline.
void carry(World& world, dtls::Flight first, bool by_client, dtls::Session& client,
           dtls::Session& server) {
    while (!first.empty()) {
        dtls::Flight answers;
        for (const auto& datagram : first) {
            world.wire.add(by_client, datagram);
            if (world.random.below(3) == 0) {
                ++world.lost;
                continue;
            }
            (by_client ? server : client).on_datagram(world.now, datagram, answers);
        }
        first = std::move(answers);
        by_client = !by_client;
    }
}

void wait_for_deadline(World& world, dtls::Session& client, dtls::Session& server) {
    world.now = std::min(client.next_deadline(), server.next_deadline());
    ENSURE(!world.now.is_never());
    world.clock.set(world.now);
    for (const bool of_client : {true, false}) {
        dtls::Flight out;
        (of_client ? client : server).on_deadline(world.now, out);
        carry(world, std::move(out), of_client, client, server);
    }
}

void talk(World& world, const dtls::SrtpKeys& from, const dtls::SrtpKeys& to, bool by_client) {
    const auto profile = srtp::profile_of_iana(from.profile);
    ENSURE(profile.has_value());
    srtp::Sender sender(*profile, srtp::split_master(*profile, from.local));
    srtp::Receiver receiver(*profile, srtp::split_master(*profile, to.remote));
    for (size_t i = 0; i < kVoicePackets; ++i) {
        std::vector<uint8_t> packet(12 + 100 + srtp::kMaxOverhead);
        world.random.fill(packet);
        packet[0] = 0x80;
        packet[2] = static_cast<uint8_t>(i >> 8);
        packet[3] = static_cast<uint8_t>(i);
        packet[8] = by_client;  // of the SSRC, which is one for each side
        packet[9] = packet[10] = packet[11] = 7;
        packet.resize(sender.protect_rtp(packet, 12 + 100));
        world.wire.add(by_client, packet);
        ENSURE(receiver.unprotect_rtp(packet).ok());
    }
}

std::string run(uint64_t seed) {
    World world(seed);
    const auto ours = world.identity(), theirs = world.identity();
    for (size_t i = 0; i < kHandshakes; ++i) {
        dtls::Session client(*ours, dtls::Role::Client, theirs->fingerprints(), world.now);
        dtls::Session server(*theirs, dtls::Role::Server, ours->fingerprints(), world.now);
        dtls::Flight out;
        client.start(world.now, out);
        carry(world, std::move(out), true, client, server);
        while (client.state() == dtls::State::Handshaking) {
            wait_for_deadline(world, client, server);
        }
        ENSURE(client.state() == dtls::State::Connected);
        ENSURE(server.state() == dtls::State::Connected);
        talk(world, *client.keys(), *server.keys(), true);
        talk(world, *server.keys(), *client.keys(), false);
        dtls::Flight goodbye;
        client.close(world.now, goodbye);
        carry(world, std::move(goodbye), true, client, server);
    }
    ENSURE(world.lost > 0 && world.now > kBegin);  // there were losses, and flights sent again
    return world.wire.text();
}

// The hash of one seed, which every run in this process comes to.
std::string run_thrice(uint64_t seed) {
    const std::string first = run(seed);
    for (int i = 0; i < 2; ++i) ENSURE(run(seed) == first);
    return first;
}

// What another process of this program prints for the seed; nothing when it fails.
std::optional<std::string> run_elsewhere(const std::string& program, uint64_t seed) {
    FILE* pipe = popen(("'" + program + "' " + std::to_string(seed)).c_str(), "r");
    if (pipe == nullptr) return std::nullopt;
    char line[2 * SHA256_DIGEST_LENGTH + 2] = {};
    const bool read = std::fgets(line, sizeof line, pipe) != nullptr;
    if (pclose(pipe) != 0 || !read) return std::nullopt;
    return std::string(line).substr(0, 2 * SHA256_DIGEST_LENGTH);
}

int check(const std::string& program) {
    int failed = 0;
    std::vector<std::string> hashes;
    for (const uint64_t seed : {1u, 2u, 3u}) {
        const auto here = run_thrice(seed);
        for (int i = 0; i < 2; ++i) failed += run_elsewhere(program, seed) != here;
        for (const std::string& other : hashes) failed += other == here;
        hashes.push_back(here);
        std::printf("seed %d: %s\n", static_cast<int>(seed), here.c_str());
    }
    std::printf("%s\n", failed == 0 ? "equal for equal seeds, different for others" : "DIFFERENT");
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return check(argv[0]);
    std::printf("%s\n", run_thrice(std::strtoull(argv[1], nullptr, 10)).c_str());
    return EXIT_SUCCESS;
}
