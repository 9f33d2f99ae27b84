#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/shell/fd.h"

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace parley::shell {

struct SslFree {
    void operator()(SSL* ssl) const;
    void operator()(SSL_CTX* context) const;
};
using SslPtr = std::unique_ptr<SSL, SslFree>;
using SslContextPtr = std::unique_ptr<SSL_CTX, SslFree>;

// Certificates are believed when the system does, or, with a `ca_file` (PEM), when that does. The
// error names the file.
base::Result<SslContextPtr, std::string> client_tls(const std::string& ca_file);

// A TCP connection that may be wrapped in TLS, read and written without ever waiting.
// REQUIRES: SIGPIPE is ignored (signals.h), for OpenSSL does not keep it away.
class ByteStream {
public:
    enum class Status : uint8_t {
        Done,       // what was asked, or a part of it
        WantRead,   // call again when the socket can be read
        WantWrite,  // call again when it can be written
        End,        // the other end has closed
        Failed,     // error() says why
    };

    explicit ByteStream(Fd socket) : socket_(std::move(socket)) {}

    // From here on it speaks TLS 1.2 or later, and believes only a certificate for `host`, a name
    // or an IP address. Handshakes happen as part of handshake().
    void use_tls(SSL_CTX& context, const std::string& host);
    Status handshake();  // Done at once without TLS

    Status write(std::string_view bytes, size_t& written);
    Status read(std::span<char> room, size_t& got);

    int fd() const { return socket_.get(); }
    const std::string& error() const { return error_; }

private:
    Status fail(std::string why);
    Status tls_status(int result);

    Fd socket_;
    SslPtr tls_;
    std::string error_;
};

}  // namespace parley::shell
