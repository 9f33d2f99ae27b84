#include "worker/dtls/fingerprint.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "common/base/ensure.h"

namespace parley::dtls {

namespace {

struct Algorithm {
    std::string_view name;  // of the IANA's hash function textual names
    const EVP_MD* (*hash)();
};

constexpr std::array<Algorithm, 3> kAlgorithms = {
    {{"sha-256", EVP_sha256}, {"sha-384", EVP_sha384}, {"sha-512", EVP_sha512}}};

std::string colon_hex(const unsigned char* bytes, size_t size) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    std::string text;
    for (size_t i = 0; i < size; ++i) {
        if (i > 0) text += ':';
        text += kDigits[bytes[i] >> 4];
        text += kDigits[bytes[i] & 15];
    }
    return text;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool same_text(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::vector<Fingerprint> fingerprints_of(const X509* certificate) {
    std::vector<Fingerprint> all;
    for (const Algorithm& algorithm : kAlgorithms) {
        unsigned char hash[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        ENSURE(X509_digest(certificate, algorithm.hash(), hash, &size) == 1);
        all.push_back({std::string(algorithm.name), colon_hex(hash, size)});
    }
    return all;
}

bool matches_any(const std::vector<Fingerprint>& expected, const X509* certificate) {
    for (const Fingerprint& own : fingerprints_of(certificate)) {
        for (const Fingerprint& given : expected) {
            if (same_text(own.algorithm, given.algorithm) && same_text(own.value, given.value)) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace parley::dtls
