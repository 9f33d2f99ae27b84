// What protecting one packet costs, in nanoseconds, beside the same work by OpenSSL's own modes in
// the same run, and what one sender and one receiver hold on the heap.
// usage: bench_srtp
#include <malloc.h>
#include <openssl/evp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "common/base/ensure.h"
#include "common/base/random.h"
#include "worker/srtp/receiver.h"
#include "worker/srtp/sender.h"

using namespace parley;
using namespace parley::srtp;

namespace {

constexpr int kRounds = 15, kPackets = 20'000;
constexpr size_t kHead = 12;

double now_ns() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double, std::nano>(since).count();
}

// The median over kRounds of the mean of kPackets calls.
template <typename Step>
double measure(Step step) {
    std::vector<double> rounds;
    for (int round = 0; round < kRounds; ++round) {
        const double begin = now_ns();
        for (int i = 0; i < kPackets; ++i) step();
        rounds.push_back((now_ns() - begin) / kPackets);
    }
    std::nth_element(rounds.begin(), rounds.begin() + kRounds / 2, rounds.end());
    return rounds[kRounds / 2];
}

std::vector<uint8_t> packet_of(size_t payload) {
    std::vector<uint8_t> packet(kHead + payload + kMaxOverhead);
    packet[0] = 0x80;
    packet[11] = 1;
    return packet;
}

double protect_ns(Profile profile, const Master& master, size_t payload) {
    Sender sender(profile, master);
    std::vector<uint8_t> packet = packet_of(payload);
    uint16_t sequence_number = 0;
    return measure([&] {
        ++sequence_number;
        packet[2] = static_cast<uint8_t>(sequence_number >> 8);
        packet[3] = static_cast<uint8_t>(sequence_number);
        ENSURE(sender.protect_rtp(packet, kHead + payload) > 0);
    });
}

double unprotect_ns(Profile profile, const Master& master, size_t payload) {
    Sender sender(profile, master);
    Receiver receiver(profile, master);
    std::vector<std::vector<uint8_t>> packets;
    for (int i = 0; i < kRounds * kPackets; ++i) {
        packets.push_back(packet_of(payload));
        packets.back()[2] = static_cast<uint8_t>(i >> 8);
        packets.back()[3] = static_cast<uint8_t>(i);
        packets.back().resize(sender.protect_rtp(packets.back(), kHead + payload));
    }
    size_t next = 0;
    return measure([&] { ENSURE(receiver.unprotect_rtp(packets[next++]).ok()); });
}

// OpenSSL's GCM with a kept context and key: nonce, AAD, text, tag.
double raw_gcm_ns(const EVP_CIPHER* cipher, const Master& master, size_t payload) {
    std::vector<uint8_t> packet = packet_of(payload);
    uint8_t nonce[12] = {}, tag[16];
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(context, cipher, nullptr, master.key.data(), nonce);
    const double ns = measure([&] {
        int size = 0;
        ++nonce[11];
        EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce);
        EVP_EncryptUpdate(context, nullptr, &size, packet.data(), kHead);
        EVP_EncryptUpdate(context, &packet[kHead], &size, &packet[kHead],
                          static_cast<int>(payload));
        EVP_EncryptFinal_ex(context, packet.data(), &size);
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag);
    });
    EVP_CIPHER_CTX_free(context);
    return ns;
}

// OpenSSL's counter mode and HMAC-SHA1, both with kept contexts and keys.
double raw_cm_ns(const Master& master, size_t payload) {
    std::vector<uint8_t> packet = packet_of(payload);
    uint8_t iv[16] = {}, tag[20];
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), nullptr, master.key.data(), iv);
    EVP_MAC* hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    EVP_MAC_CTX* keyed = EVP_MAC_CTX_new(hmac);
    char digest[] = "SHA1";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                                 OSSL_PARAM_construct_end()};
    EVP_MAC_init(keyed, master.key.data(), kAuthKeySize, params);
    const double ns = measure([&] {
        int size = 0;
        size_t tag_bytes = 0;
        ++iv[13];
        EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, iv);
        EVP_EncryptUpdate(context, &packet[kHead], &size, &packet[kHead],
                          static_cast<int>(payload));
        EVP_MAC_init(keyed, nullptr, 0, nullptr);
        EVP_MAC_update(keyed, packet.data(), kHead + payload + 4);
        EVP_MAC_final(keyed, tag, &tag_bytes, sizeof tag);
    });
    EVP_MAC_CTX_free(keyed);
    EVP_MAC_free(hmac);
    EVP_CIPHER_CTX_free(context);
    return ns;
}

double raw_ns(Profile profile, const Master& master, size_t payload) {
    switch (profile) {
        case Profile::AesCm128HmacSha1_80: return raw_cm_ns(master, payload);
        case Profile::AeadAes128Gcm: return raw_gcm_ns(EVP_aes_128_gcm(), master, payload);
        case Profile::AeadAes256Gcm: return raw_gcm_ns(EVP_aes_256_gcm(), master, payload);
    }
    return 0;
}

// Bytes for one T, itself and all that it holds on the heap, after one packet each of RTP and RTCP.
template <typename T, typename Warm>
size_t bytes_of(Profile profile, const Master& master, Warm warm) {
    constexpr size_t kObjects = 1'000;
    std::vector<std::unique_ptr<T>> kept;
    kept.reserve(kObjects);
    const size_t before = mallinfo2().uordblks;
    for (size_t i = 0; i < kObjects; ++i) {
        kept.push_back(std::make_unique<T>(profile, master));
        warm(*kept.back());
    }
    return (mallinfo2().uordblks - before) / kObjects;
}

std::vector<uint8_t> rtcp_packet() {
    std::vector<uint8_t> packet(8 + kMaxOverhead);
    packet[0] = 0x80;
    packet[1] = 201;
    packet[7] = 1;
    return packet;
}

void report(const char* name, Profile profile, const Master& master) {
    for (const size_t payload : {100u, 1'100u}) {
        const double ours = protect_ns(profile, master, payload);
        const double raw = raw_ns(profile, master, payload);
        std::printf(
            "%-24s %5zu B  protect %4.0f ns  unprotect %4.0f ns  OpenSSL's modes %4.0f ns"
            "  ratio %.2f\n",
            name, payload, ours, unprotect_ns(profile, master, payload), raw, ours / raw);
    }
    Sender source(profile, master);
    std::vector<uint8_t> rtp = packet_of(100), rtcp = rtcp_packet();
    rtp.resize(source.protect_rtp(rtp, kHead + 100));
    rtcp.resize(source.protect_rtcp(rtcp, 8));
    const size_t sender = bytes_of<Sender>(profile, master, [&](Sender& warmed) {
        std::vector<uint8_t> one = packet_of(100), two = rtcp_packet();
        warmed.protect_rtp(one, kHead + 100);
        warmed.protect_rtcp(two, 8);
    });
    const size_t receiver = bytes_of<Receiver>(profile, master, [&](Receiver& warmed) {
        std::vector<uint8_t> one = rtp, two = rtcp;
        ENSURE(warmed.unprotect_rtp(one).ok() && warmed.unprotect_rtcp(two).ok());
    });
    std::printf("%-24s memory: sender %zu B, receiver %zu B\n", name, sender, receiver);
}

}  // namespace

int main() {
    base::SeededRandom random(1);
    Master master;
    random.fill(master.key);
    random.fill(master.salt);
    report("AEAD_AES_128_GCM", Profile::AeadAes128Gcm, master);
    report("AEAD_AES_256_GCM", Profile::AeadAes256Gcm, master);
    report("AES_CM_128_HMAC_SHA1_80", Profile::AesCm128HmacSha1_80, master);
    return 0;
}
