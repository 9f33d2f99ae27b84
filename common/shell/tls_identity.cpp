#include "common/shell/tls_identity.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "common/base/ensure.h"
#include "common/shell/byte_stream.h"
#include "common/shell/files.h"

namespace parley::shell {

namespace {

constexpr size_t kFileBytes = 256 * 1024;

// A chain is three or four long. More would be sent to everybody who connects.
constexpr int kChain = 16;

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

Owned<BIO> reader_of(const std::string& text) {
    return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// For a key with a passphrase, which nobody is there to type.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

std::string written(BIO* bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    return std::string(bytes, static_cast<size_t>(size));
}

std::string text_of(X509* certificate) {
    const Owned<BIO> out(BIO_new(BIO_s_mem()));
    const int at = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);
    if (at < 0 || X509V3_EXT_print(out.get(), X509_get_ext(certificate, at), 0, 0) != 1) {
        X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_ONELINE);
    }
    BIO_puts(out.get(), ", until ");
    ASN1_TIME_print(out.get(), X509_get0_notAfter(certificate));
    return written(out.get());
}

}  // namespace

struct TlsIdentity::Parts {
    Owned<X509> certificate;
    Owned<STACK_OF(X509)> chain{sk_X509_new_null()};
    Owned<EVP_PKEY> key;

    // False for what OpenSSL's policy forbids, such as a key that is too small.
    bool use_in(SSL_CTX& context) const {
        SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
        constexpr int kInPlaceOfOthers = 1;
        return SSL_CTX_use_cert_and_key(&context, certificate.get(), key.get(), chain.get(),
                                        kInPlaceOfOthers) == 1;
    }
};

base::Result<TlsTexts, std::string> read_tls_files(const TlsFiles& files) {
    auto certificate = read_file(files.certificate, kFileBytes);
    if (!certificate) return base::Err{certificate.error()};
    auto key = read_file(files.key, kFileBytes);
    if (!key) return base::Err{key.error()};
    return TlsTexts{std::move(*certificate), std::move(*key)};
}

TlsIdentity::TlsIdentity(std::shared_ptr<const Parts> parts)
    : parts_(std::move(parts)), text_(text_of(parts_->certificate.get())) {}

base::Result<TlsIdentity, std::string> TlsIdentity::parse(const TlsFiles& files,
                                                          const TlsTexts& texts) {
    const auto parts = std::make_shared<Parts>();
    const auto fail = [](const std::string& why) {
        ERR_clear_error();
        return base::Err{why};
    };
    const auto certificates = reader_of(texts.certificate);
    parts->certificate.reset(PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr));
    if (!parts->certificate) return fail(files.certificate + ": holds no certificate in PEM");
    while (X509* const next = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr)) {
        sk_X509_push(parts->chain.get(), next);
        if (sk_X509_num(parts->chain.get()) > kChain) {
            return fail(files.certificate + ": holds too many certificates");
        }
    }
    // The end of the text is one of these errors, and the only one that is none.
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        return fail(files.certificate + ": holds a certificate that can not be read");
    }
    ERR_clear_error();
    parts->key.reset(
        PEM_read_bio_PrivateKey(reader_of(texts.key).get(), nullptr, no_passphrase, nullptr));
    if (!parts->key) return fail(files.key + ": holds no private key in PEM without a passphrase");
    if (X509_check_private_key(parts->certificate.get(), parts->key.get()) != 1) {
        return fail(files.key + ": is not the key of " + files.certificate);
    }
    const SslContextPtr trial(SSL_CTX_new(TLS_server_method()));
    ENSURE(trial);
    if (!parts->use_in(*trial)) {
        const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
        return fail(files.certificate + ": " + (reason ? reason : "OpenSSL does not take it"));
    }
    return TlsIdentity(parts);
}

void TlsIdentity::show_in(SSL_CTX& context) const {
    ENSURE(parts_->use_in(context));  // as it did in the trial
}

}  // namespace parley::shell
