#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "worker/dtls/fingerprint.h"

struct bio_method_st;
struct ssl_ctx_st;

namespace parley::dtls {

struct SslContextFree {
    void operator()(ssl_ctx_st* context) const;
};
struct BioMethodFree {
    void operator()(bio_method_st* method) const;
};

// Who a worker is to its peers: an ECDSA P-256 key, a certificate signed by itself, and what all
// its sessions have in common. Made once, and outlives every session that was given it. The key
// never leaves it. RFC 8827 §6.5.
class Identity {
public:
    // Randomness is OpenSSL's. The certificate is valid from a day before `now`. The error says
    // what OpenSSL refused to do.
    static base::Result<std::unique_ptr<Identity>, std::string> make(base::Instant now);

    Identity(const Identity&) = delete;

    const std::vector<Fingerprint>& fingerprints() const { return fingerprints_; }

    // For Handshake alone; both stay the identity's.
    ssl_ctx_st* context() const { return context_.get(); }
    const bio_method_st* datagram_bio() const { return datagram_bio_.get(); }

private:
    Identity() = default;

    std::unique_ptr<ssl_ctx_st, SslContextFree> context_;
    std::unique_ptr<bio_method_st, BioMethodFree> datagram_bio_;
    std::vector<Fingerprint> fingerprints_;
};

}  // namespace parley::dtls
