#include "worker/dtls/certificate.h"

#include <openssl/ec.h>
#include <openssl/rand.h>

#include <array>
#include <ctime>

namespace parley::dtls {

namespace {

constexpr std::time_t kDay = 24 * 60 * 60;

bool set_serial(X509* certificate) {
    std::array<unsigned char, 8> random;
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) return false;
    uint64_t serial = 0;
    for (const unsigned char byte : random) serial = serial << 8 | byte;
    serial >>= 1;  // positive, RFC 5280 §4.1.2.2
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) == 1;
}

bool set_names(X509* certificate) {
    constexpr unsigned char kName[] = "Parley";
    X509_NAME* name = X509_get_subject_name(certificate);
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, kName, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1;
}

}  // namespace

Key make_key() {
    return Key(EVP_EC_gen("P-256"));
}

Certificate make_certificate(EVP_PKEY* key, base::Instant now) {
    Certificate certificate(X509_new());
    X509* x509 = certificate.get();
    const std::time_t today = static_cast<std::time_t>(now.micros() / 1'000'000);
    const bool made = x509 != nullptr && X509_set_version(x509, X509_VERSION_3) == 1 &&
                      set_serial(x509) && set_names(x509) &&
                      ASN1_TIME_set(X509_getm_notBefore(x509), today - kDay) != nullptr &&
                      ASN1_TIME_set(X509_getm_notAfter(x509), today + 3'650 * kDay) != nullptr &&
                      X509_set_pubkey(x509, key) == 1 && X509_sign(x509, key, EVP_sha256()) > 0;
    if (!made) certificate.reset();
    return certificate;
}

}  // namespace parley::dtls
