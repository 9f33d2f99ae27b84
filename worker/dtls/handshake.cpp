#include "worker/dtls/handshake.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <utility>

#include "common/base/ensure.h"
#include "worker/dtls/export_keys.h"
#include "worker/dtls/identity.h"
#include "worker/limits.h"

namespace parley::dtls {

namespace {

// Asked for the first wait with 0, and for each next one with the last. RFC 6347 §4.2.4.1 wants a
// second; WebRTC's round trips are shorter than that, and its users wait.
unsigned next_wait(SSL*, unsigned last_us) {
    constexpr unsigned kFirst = base::Duration(limits::kDtlsFirstRetransmission).count();
    constexpr unsigned kLongest = base::Duration(limits::kDtlsLongestRetransmission).count();
    return last_us == 0 ? kFirst : std::min(2 * last_us, kLongest);
}

}  // namespace

void SslFree::operator()(SSL* ssl) const {
    SSL_free(ssl);
}

Handshake::Handshake(const Identity& identity, Role role, std::vector<Fingerprint> remote)
    : ssl_(SSL_new(identity.context())), remote_(std::move(remote)), role_(role) {
    ENSURE(ssl_ != nullptr);
    BIO* bio = make_datagram_bio(identity.datagram_bio(), &port_);
    ENSURE(bio != nullptr);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_app_data(ssl_.get(), this);
    SSL_set_mtu(ssl_.get(), limits::kDtlsDatagramBytes);
    DTLS_set_timer_cb(ssl_.get(), next_wait);
    role == Role::Client ? SSL_set_connect_state(ssl_.get()) : SSL_set_accept_state(ssl_.get());
}

void Handshake::install_callbacks(SSL_CTX* context) {
    // The certificate is asked for, and known by its fingerprint alone.
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_cert_verify_callback(context, on_certificate, nullptr);
    SSL_CTX_set_info_callback(context, on_info);
}

Handshake& Handshake::of(const SSL* ssl) {
    return *static_cast<Handshake*>(SSL_get_app_data(ssl));
}

Why Handshake::verify(X509_STORE_CTX* store) const {
    if (!matches_any(remote_, X509_STORE_CTX_get0_cert(store))) return Why::FingerprintMismatch;
    // Both hellos have been read by now. Without SRTP there is no use for the connection.
    if (SSL_get_selected_srtp_profile(ssl_.get()) == nullptr) return Why::NoCommonProfile;
    return Why::None;
}

int Handshake::on_certificate(X509_STORE_CTX* store, void*) {
    const int place = SSL_get_ex_data_X509_STORE_CTX_idx();
    Handshake& handshake = of(static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, place)));
    handshake.why_ = handshake.verify(store);
    switch (handshake.why_) {
        case Why::None: return 1;
        case Why::FingerprintMismatch:  // bad_certificate, RFC 8122 §6.2
            X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
            return 0;
        default:  // handshake_failure
            X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
            return 0;
    }
}

void Handshake::on_info(const SSL* ssl, int where, int value) {
    const bool fatal = value >> 8 == SSL3_AL_FATAL;
    if (where == SSL_CB_READ_ALERT && fatal) of(ssl).why_ = Why::Alert;
}

Handshake::Outcome Handshake::on_datagram(base::Bytes datagram, Flight& out) {
    port_ = {datagram, &out};
    ERR_clear_error();
    const Outcome outcome = outcome_of(SSL_do_handshake(ssl_.get()));
    port_ = {};
    return outcome;
}

Handshake::Outcome Handshake::on_timeout(Flight& out) {
    port_ = {{}, &out};
    ERR_clear_error();
    const bool gave_up = DTLSv1_handle_timeout(ssl_.get()) < 0;
    ERR_clear_error();
    port_ = {};
    if (gave_up) why_ = Why::Timeout;
    return gave_up ? Outcome::Failed : Outcome::Going;
}

Handshake::Outcome Handshake::outcome_of(int result) {
    if (result == 1) return Outcome::Done;
    const int error = SSL_get_error(ssl_.get(), result);
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ) return Outcome::Going;
    const bool goodbye = error == SSL_ERROR_ZERO_RETURN;
    if (why_ == Why::None) why_ = goodbye ? Why::ClosedByPeer : Why::ProtocolError;
    return Outcome::Failed;
}

std::optional<base::Duration> Handshake::timeout() const {
    timeval left{};
    if (DTLSv1_get_timeout(ssl_.get(), &left) != 1) return std::nullopt;
    return base::Duration(int64_t{left.tv_sec} * 1'000'000 + left.tv_usec);
}

Handshake::Secrets Handshake::secrets() const {
    return {export_srtp_keys(ssl_.get(), role_), export_record_keys(ssl_.get(), role_)};
}

}  // namespace parley::dtls
