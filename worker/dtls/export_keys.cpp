#include "worker/dtls/export_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/ensure.h"

namespace parley::dtls {

namespace {

constexpr std::string_view kExporter = "EXTRACTOR-dtls_srtp";
constexpr size_t kRandom = 32;
constexpr size_t kRecordSalt = 4;

// Master key and salt sizes of a profile: RFC 5764 §4.1.2, RFC 7714 §12.
std::pair<size_t, size_t> srtp_sizes(unsigned long profile) {
    switch (profile) {
        case SRTP_AES128_CM_SHA1_80: return {16, 14};
        case SRTP_AEAD_AES_128_GCM: return {16, 12};
        default: return {32, 12};
    }
}

OSSL_PARAM octets(const char* name, base::Bytes bytes) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<uint8_t*>(bytes.data()),
                                             bytes.size());
}

// The pseudorandom function of TLS 1.2, RFC 5246 §5, with the hash of the cipher suite.
void expand(SSL* ssl, base::Bytes secret, base::Bytes seed, std::span<uint8_t> room) {
    const EVP_MD* hash = SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(ssl));
    char* name = const_cast<char*>(EVP_MD_get0_name(hash));  // only read, as the octets are
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name, 0),
                                 octets(OSSL_KDF_PARAM_SECRET, secret),
                                 octets(OSSL_KDF_PARAM_SEED, seed), OSSL_PARAM_construct_end()};
    EVP_KDF* prf = EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr);
    EVP_KDF_CTX* context = EVP_KDF_CTX_new(prf);
    ENSURE(context != nullptr);
    ENSURE(EVP_KDF_derive(context, room.data(), room.size(), params) == 1);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(prf);
}

// "key expansion", the server's random and the client's. RFC 5246 §6.3.
std::vector<uint8_t> key_block(SSL* ssl, size_t size) {
    std::vector<uint8_t> seed(13 + 2 * kRandom);
    base::ByteWriter(seed).put(base::as_bytes("key expansion"));
    SSL_get_server_random(ssl, seed.data() + 13, kRandom);
    SSL_get_client_random(ssl, seed.data() + 13 + kRandom, kRandom);
    std::array<uint8_t, SSL_MAX_MASTER_KEY_LENGTH> secret;
    const size_t secret_size =
        SSL_SESSION_get_master_key(SSL_get0_session(ssl), secret.data(), secret.size());
    std::vector<uint8_t> block(size);
    expand(ssl, std::span(secret).first(secret_size), seed, block);
    OPENSSL_cleanse(secret.data(), secret.size());
    return block;
}

}  // namespace

SrtpKeys export_srtp_keys(SSL* ssl, Role role) {
    const SRTP_PROTECTION_PROFILE* profile = SSL_get_selected_srtp_profile(ssl);
    ENSURE(profile != nullptr);
    SrtpKeys keys;
    keys.profile = static_cast<uint16_t>(profile->id);
    std::tie(keys.key_size, keys.salt_size) = srtp_sizes(profile->id);
    std::array<uint8_t, 2 * 46> material;
    const size_t size = 2 * (keys.key_size + keys.salt_size);
    ENSURE(SSL_export_keying_material(ssl, material.data(), size, kExporter.data(),
                                      kExporter.size(), nullptr, 0, 0) == 1);
    // The client's key, the server's, the client's salt, the server's.
    auto& client = role == Role::Client ? keys.local : keys.remote;
    auto& server = role == Role::Client ? keys.remote : keys.local;
    base::ByteReader in(base::Bytes(material).first(size));
    base::ByteWriter client_out(client), server_out(server);
    client_out.put(in.take(keys.key_size));
    server_out.put(in.take(keys.key_size));
    client_out.put(in.take(keys.salt_size));
    server_out.put(in.take(keys.salt_size));
    OPENSSL_cleanse(material.data(), material.size());
    return keys;
}

RecordKeys export_record_keys(SSL* ssl, Role role) {
    RecordKeys keys;
    const int bits = SSL_CIPHER_get_bits(SSL_get_current_cipher(ssl), nullptr);
    keys.key_size = static_cast<size_t>(bits) / 8;
    std::vector<uint8_t> block = key_block(ssl, 2 * (keys.key_size + kRecordSalt));
    RecordKey& client = role == Role::Client ? keys.local : keys.remote;
    RecordKey& server = role == Role::Client ? keys.remote : keys.local;
    base::ByteReader in(block);
    base::ByteWriter(client.key).put(in.take(keys.key_size));
    base::ByteWriter(server.key).put(in.take(keys.key_size));
    base::ByteWriter(client.salt).put(in.take(kRecordSalt));
    base::ByteWriter(server.salt).put(in.take(kRecordSalt));
    OPENSSL_cleanse(block.data(), block.size());
    return keys;
}

}  // namespace parley::dtls
