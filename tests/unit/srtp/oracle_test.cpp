// libsrtp2 and we, side by side: what one protects the other protects to the same bytes, and
// unprotects.
#include <doctest/doctest.h>
#include <srtp2/srtp.h>

#include <utility>

#include "tests/unit/srtp/packets.h"
#include "worker/srtp/receiver.h"
#include "worker/srtp/sender.h"

using namespace parley;
using namespace parley::srtp;

namespace {

// One direction of libsrtp2, for all SSRCs.
class Oracle {
public:
    Oracle(Profile profile, const Master& master, srtp_ssrc_type_t direction) {
        static const srtp_err_status_t ready = srtp_init();
        REQUIRE(ready == srtp_err_status_ok);
        Packet key(master.key.begin(), master.key.begin() + key_size(profile));
        key.insert(key.end(), master.salt.begin(), master.salt.begin() + salt_size(profile));
        srtp_policy_t policy{};
        const auto suite = profile == Profile::AesCm128HmacSha1_80 ? srtp_profile_aes128_cm_sha1_80
                           : profile == Profile::AeadAes128Gcm     ? srtp_profile_aead_aes_128_gcm
                                                                   : srtp_profile_aead_aes_256_gcm;
        REQUIRE(srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, suite) == 0);
        REQUIRE(srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, suite) == 0);
        policy.ssrc.type = direction;
        policy.key = key.data();
        policy.window_size = 128;
        policy.allow_repeat_tx = 1;
        REQUIRE(srtp_create(&session_, &policy) == srtp_err_status_ok);
    }
    ~Oracle() { srtp_dealloc(session_); }
    Oracle(const Oracle&) = delete;

    Packet rtp(const Packet& plain) { return run(plain, srtp_protect); }
    Packet rtcp(const Packet& plain) { return run(plain, srtp_protect_rtcp); }
    Packet plain_rtp(const Packet& sealed) { return run(sealed, srtp_unprotect); }
    Packet plain_rtcp(const Packet& sealed) { return run(sealed, srtp_unprotect_rtcp); }

private:
    Packet run(Packet packet, srtp_err_status_t (*step)(srtp_t, void*, int*)) {
        int size = static_cast<int>(packet.size());
        packet.resize(packet.size() + SRTP_MAX_TRAILER_LEN);
        const auto status = step(session_, packet.data(), &size);
        packet.resize(status == srtp_err_status_ok ? static_cast<size_t>(size) : 0);
        return packet;
    }

    srtp_t session_ = nullptr;
};

struct Pair {
    Pair(Profile profile, const Master& master)
        : oracle_out(profile, master, ssrc_any_outbound),
          oracle_in(profile, master, ssrc_any_inbound),
          sender(profile, master),
          receiver(profile, master) {}

    void rtp(const Packet& plain) {
        const Packet ours = protected_by(
            plain, [&](auto room, size_t size) { return sender.protect_rtp(room, size); });
        REQUIRE(ours == oracle_out.rtp(plain));
        REQUIRE(oracle_in.plain_rtp(ours) == plain);
        Packet back = ours;
        const auto size = receiver.unprotect_rtp(back);
        REQUIRE(size);
        back.resize(*size);
        REQUIRE(back == plain);
    }

    Oracle oracle_out, oracle_in;
    Sender sender;
    Receiver receiver;
};

}  // namespace

TEST_CASE("RTP is protected bit for bit as libsrtp2 does, in every profile") {
    for (const Profile profile : kProfiles) {
        base::SeededRandom random(7);
        Pair pair(profile, random_master(random));
        for (uint16_t i = 0; i < 500; ++i) {
            for (const uint32_t ssrc : {1u, 0xdeadbeefu, 77u}) {
                pair.rtp(rtp_packet(random, ssrc, static_cast<uint16_t>(1'000 + i),
                                    random.below(1'300)));
            }
        }
    }
}

TEST_CASE("RTP goes on across two rollovers, with gaps and packets out of order") {
    for (const Profile profile : kProfiles) {
        base::SeededRandom random(8);
        Pair pair(profile, random_master(random));
        for (uint32_t at = 40; at < 150'000; at += static_cast<uint32_t>(random.below(4'000))) {
            for (const uint32_t step : {0u, 7u, 3u, 40u, 12u}) {
                pair.rtp(rtp_packet(random, 5, static_cast<uint16_t>(at + step), 20));
            }
            at += 41;
        }
        CHECK(pair.sender.highest_index(5).value() > 2 * 65'536);
    }
}

TEST_CASE("RTCP is protected bit for bit as libsrtp2 does, in every profile, between RTP") {
    for (const Profile profile : kProfiles) {
        base::SeededRandom random(9);
        Pair pair(profile, random_master(random));
        const auto ours = [&](const Packet& plain) {
            return protected_by(plain, [&](auto room, size_t size) {
                return pair.sender.protect_rtcp(room, size);
            });
        };
        ours(rtcp_packet(random, 5, 0));  // libsrtp2 begins at index 1, RFC 3711 §3.4 at 0
        for (uint16_t i = 0; i < 300; ++i) {
            pair.rtp(rtp_packet(random, 5, i, 50));
            const Packet plain = rtcp_packet(random, 5, random.below(300));
            const Packet sealed = ours(plain);
            REQUIRE(sealed == pair.oracle_out.rtcp(plain));
            REQUIRE(pair.oracle_in.plain_rtcp(sealed) == plain);
            Packet back = sealed;
            const auto size = pair.receiver.unprotect_rtcp(back);
            REQUIRE(size);
            back.resize(*size);
            REQUIRE(back == plain);
        }
    }
}

TEST_CASE("RTCP of many SSRCs from one sender is understood by libsrtp2") {
    for (const Profile profile : kProfiles) {
        base::SeededRandom random(10);
        Pair pair(profile, random_master(random));
        for (uint32_t i = 0; i < 200; ++i) {
            const Packet plain = rtcp_packet(random, static_cast<uint32_t>(random.below(9)), 6);
            const Packet sealed = protected_by(plain, [&](auto room, size_t size) {
                return pair.sender.protect_rtcp(room, size);
            });
            REQUIRE(pair.oracle_in.plain_rtcp(sealed) == plain);
        }
    }
}
