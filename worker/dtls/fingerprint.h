#pragma once

#include <string>
#include <vector>

struct x509_st;

namespace parley::dtls {

// How a certificate is known, RFC 8122 §5: the hash function as "sha-256", "sha-384" or
// "sha-512", and the hash as pairs of hexadecimal digits with colons between them.
struct Fingerprint {
    std::string algorithm;
    std::string value;

    bool operator==(const Fingerprint&) const = default;
};

// The three fingerprints of a certificate, in upper case, sha-256 first.
std::vector<Fingerprint> fingerprints_of(const x509_st* certificate);

// Whether one of `expected` is a fingerprint of the certificate. Case does not count; one with an
// unknown algorithm matches nothing. RFC 8122 §5.1.
bool matches_any(const std::vector<Fingerprint>& expected, const x509_st* certificate);

}  // namespace parley::dtls
