#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

#include "common/base/time.h"

namespace parley::dtls {

struct KeyFree {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, KeyFree>;

struct CertificateFree {
    void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, CertificateFree>;

// ECDSA P-256; nullptr when OpenSSL refuses.
Key make_key();

// For `key`, signed with it, valid from a day before `now` for ten years: peers go by its
// fingerprint, and a worker may live long. Nullptr when OpenSSL refuses.
Certificate make_certificate(EVP_PKEY* key, base::Instant now);

}  // namespace parley::dtls
