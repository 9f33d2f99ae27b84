#pragma once

#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "worker/dtls/certificate.h"
#include "worker/dtls/datagram_bio.h"
#include "worker/dtls/fingerprint.h"
#include "worker/dtls/state.h"

namespace parley::dtls {

// A peer that is OpenSSL alone and may be what a Session never is. Set its context up, then begin.
class OpenSslPeer {
public:
    explicit OpenSslPeer(Role role)
        : context(SSL_CTX_new(DTLS_method())),
          key_(make_key()),
          certificate_(make_certificate(key_.get(), base::Instant::from_micros(0))),
          method_(make_datagram_bio_method()),
          role_(role) {
        SSL_CTX_use_certificate(context, certificate_.get());
        SSL_CTX_use_PrivateKey(context, key_.get());
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
        SSL_CTX_set_cert_verify_callback(
            context, [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
        SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU);
        profiles("SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80");
    }
    ~OpenSslPeer() {
        SSL_free(ssl);
        SSL_CTX_free(context);
        BIO_meth_free(method_);
    }
    OpenSslPeer(const OpenSslPeer&) = delete;

    void profiles(const char* names) { REQUIRE(SSL_CTX_set_tlsext_use_srtp(context, names) == 0); }

    void begin(size_t mtu = 1'200) {
        ssl = SSL_new(context);
        BIO* bio = make_datagram_bio(method_, &port_);
        SSL_set_bio(ssl, bio, bio);
        if (!with_certificate) SSL_certs_clear(ssl);
        SSL_set_mtu(ssl, static_cast<long>(mtu));
        role_ == Role::Client ? SSL_set_connect_state(ssl) : SSL_set_accept_state(ssl);
    }

    // Takes one datagram, or none, and returns what it answers.
    Flight step(base::Bytes datagram = {}) {
        Flight out;
        port_ = {datagram, &out};
        ERR_clear_error();
        uint8_t ignored[100];
        result = connected() ? SSL_read(ssl, ignored, sizeof ignored) : SSL_do_handshake(ssl);
        error = SSL_get_error(ssl, result);
        port_ = {};
        ERR_clear_error();
        return out;
    }

    Flight say_goodbye() {
        Flight out;
        port_ = {{}, &out};
        SSL_shutdown(ssl);
        port_ = {};
        return out;
    }

    Flight say(base::Bytes text) {
        Flight out;
        port_ = {{}, &out};
        CHECK(SSL_write(ssl, text.data(), static_cast<int>(text.size())) > 0);
        port_ = {};
        return out;
    }

    bool connected() const { return SSL_is_init_finished(ssl) == 1; }
    std::vector<Fingerprint> fingerprints() const { return fingerprints_of(certificate_.get()); }

    SSL_CTX* context;
    bool with_certificate = true;
    SSL* ssl = nullptr;
    int result = 0, error = 0;  // of the last step

private:
    Key key_;
    Certificate certificate_;
    BIO_METHOD* method_;
    DatagramPort port_;
    Role role_;
};

}  // namespace parley::dtls
