#include "worker/dtls/identity.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "worker/dtls/certificate.h"
#include "worker/dtls/datagram_bio.h"
#include "worker/dtls/handshake.h"
#include "worker/limits.h"

namespace parley::dtls {

using base::Err;

namespace {

// Those whose records SecureRecords can write. A peer that is WebRTC has the first,
// RFC 8827 §6.5; the RSA ones are for servers with such a certificate.
constexpr char kCiphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384";
constexpr char kGroups[] = "X25519:P-256:P-384";
// By our preference, which is the server's to have: what is fastest to protect comes first.
constexpr char kSrtpProfiles[] =
    "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80";

// A session is never resumed and never renegotiated: its SRTP keys are those of its one handshake.
void forbid_second_handshakes(SSL_CTX* context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
}

bool set_up(SSL_CTX* context) {
    forbid_second_handshakes(context);
    SSL_CTX_set_max_cert_list(context, limits::kDtlsMessageBytes);
    Handshake::install_callbacks(context);
    return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, kCiphers) == 1 &&
           SSL_CTX_set1_groups_list(context, kGroups) == 1 &&
           SSL_CTX_set_tlsext_use_srtp(context, kSrtpProfiles) == 0;  // 0 is success here
}

Err<std::string> refused(const char* what) {
    char reason[256];
    ERR_error_string_n(ERR_peek_last_error(), reason, sizeof reason);
    ERR_clear_error();
    return Err{std::string(what) + ": " + reason};
}

}  // namespace

void SslContextFree::operator()(SSL_CTX* context) const {
    SSL_CTX_free(context);
}

void BioMethodFree::operator()(BIO_METHOD* method) const {
    BIO_meth_free(method);
}

base::Result<std::unique_ptr<Identity>, std::string> Identity::make(base::Instant now) {
    ERR_clear_error();
    const Key key = make_key();
    if (!key) return refused("no DTLS key");
    const Certificate certificate = make_certificate(key.get(), now);
    if (!certificate) return refused("no DTLS certificate");
    std::unique_ptr<Identity> identity(new Identity);
    identity->context_.reset(SSL_CTX_new(DTLS_method()));
    identity->datagram_bio_.reset(make_datagram_bio_method());
    SSL_CTX* context = identity->context_.get();
    if (context == nullptr || !identity->datagram_bio_ || !set_up(context) ||
        SSL_CTX_use_certificate(context, certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
        return refused("no DTLS context");
    }
    identity->fingerprints_ = fingerprints_of(certificate.get());
    return identity;
}

}  // namespace parley::dtls
