#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"

typedef struct ssl_ctx_st SSL_CTX;

namespace parley::shell {

// The two files of who a server is to those who come over TLS, PEM: a certificate followed by
// those that vouch for it, and its key without a passphrase.
struct TlsFiles {
    std::string certificate;
    std::string key;
};

// What they held when they were read.
struct TlsTexts {
    std::string certificate;
    std::string key;
    bool operator==(const TlsTexts&) const = default;
};

// The error names the file that can not be read.
base::Result<TlsTexts, std::string> read_tls_files(const TlsFiles& files);

// A certificate, those that vouch for it, and the key that belongs to it.
class TlsIdentity {
public:
    // `files` only name what is wrong: no certificate, no key, a key of another certificate.
    static base::Result<TlsIdentity, std::string> parse(const TlsFiles& files,
                                                        const TlsTexts& texts);

    // TLS sessions that begin from here on in `context` show it; those that are open do not notice.
    void show_in(SSL_CTX& context) const;

    // "DNS:voice.example, IP Address:192.0.2.1, until Nov 21 20:20:29 2027 GMT".
    const std::string& text() const { return text_; }

private:
    struct Parts;
    explicit TlsIdentity(std::shared_ptr<const Parts> parts);

    std::shared_ptr<const Parts> parts_;
    std::string text_;
};

}  // namespace parley::shell
