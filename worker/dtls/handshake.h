#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/time.h"
#include "worker/dtls/datagram_bio.h"
#include "worker/dtls/fingerprint.h"
#include "worker/dtls/keys.h"
#include "worker/dtls/state.h"

struct ssl_st;
struct x509_store_ctx_st;

namespace parley::dtls {

class Identity;

enum class HandshakeOutcome : uint8_t { Going, Done, Failed };

struct SslFree {
    void operator()(ssl_st* ssl) const;
};

// OpenSSL's part of a session: from the first ClientHello to the keys. It is let go when it is
// done, for OpenSSL keeps 38 KB for as long as one has its SSL. Time is OpenSSL's own,
// gettimeofday(), of which only differences are used.
class Handshake {
public:
    using Outcome = HandshakeOutcome;

    // What is left of a handshake that is done.
    struct Secrets {
        SrtpKeys srtp;
        RecordKeys records;
    };

    // The identity must outlive it.
    Handshake(const Identity& identity, Role role, std::vector<Fingerprint> remote);
    Handshake(const Handshake&) = delete;

    // Goes on with one datagram, or with none to begin as the client.
    Outcome on_datagram(base::Bytes datagram, Flight& out);

    // Sends the last flight again if its time has come.
    Outcome on_timeout(Flight& out);

    // How long to wait for on_timeout(); nothing when there is nothing to send again.
    std::optional<base::Duration> timeout() const;

    Why why() const { return why_; }  // once Failed
    Secrets secrets() const;          // REQUIRES: Done

    // Sets on an identity's context what its handshakes want to be asked. For Identity alone.
    static void install_callbacks(ssl_ctx_st* context);

private:
    static Handshake& of(const ssl_st* ssl);
    static int on_certificate(x509_store_ctx_st* store, void*);
    static void on_info(const ssl_st* ssl, int where, int value);

    Outcome outcome_of(int result);
    Why verify(x509_store_ctx_st* store) const;

    std::unique_ptr<ssl_st, SslFree> ssl_;
    std::vector<Fingerprint> remote_;
    DatagramPort port_;
    Role role_;
    Why why_ = Why::None;
};

}  // namespace parley::dtls
