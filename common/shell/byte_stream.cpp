#include "common/shell/byte_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "common/base/ensure.h"
#include "worker/net/address.h"

namespace parley::shell {

namespace {

std::string last_tls_error() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) return "the other end closed in the middle of TLS";
    const char* const reason = ERR_reason_error_string(code);
    return reason ? reason : "TLS failed";
}

ByteStream::Status later(ByteStream::Status when) {
    return errno == EINTR || errno == EAGAIN ? when : ByteStream::Status::Failed;
}

}  // namespace

void SslFree::operator()(SSL* ssl) const {
    SSL_free(ssl);
}

void SslFree::operator()(SSL_CTX* context) const {
    SSL_CTX_free(context);
}

base::Result<SslContextPtr, std::string> client_tls(const std::string& ca_file) {
    SslContextPtr context(SSL_CTX_new(TLS_client_method()));
    ENSURE(context);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (ca_file.empty()) {
        SSL_CTX_set_default_verify_paths(context.get());
    } else if (SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr) != 1) {
        return base::Err{ca_file + ": " + last_tls_error()};
    }
    return context;
}

void ByteStream::use_tls(SSL_CTX& context, const std::string& host) {
    tls_.reset(SSL_new(&context));
    ENSURE(tls_ && SSL_set_fd(tls_.get(), socket_.get()) == 1);
    SSL_set_connect_state(tls_.get());
    if (net::parse_ip(host, 0)) {
        ENSURE(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_.get()), host.c_str()) == 1);
        return;
    }
    SSL_ctrl(tls_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host.c_str()));  // it keeps a copy (RFC 6066 §3)
    ENSURE(SSL_set1_host(tls_.get(), host.c_str()) == 1);
}

ByteStream::Status ByteStream::handshake() {
    if (!tls_) return Status::Done;
    ERR_clear_error();
    const Status status = tls_status(SSL_do_handshake(tls_.get()));
    const long verified = SSL_get_verify_result(tls_.get());
    if (status == Status::Failed && verified != X509_V_OK) {
        error_ = std::string("the certificate is not good: ") +
                 X509_verify_cert_error_string(verified);
    }
    return status;
}

ByteStream::Status ByteStream::write(std::string_view bytes, size_t& written) {
    written = 0;
    if (bytes.empty()) return Status::Done;
    if (tls_) {
        ERR_clear_error();
        return tls_status(SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &written));
    }
    const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
        const Status status = later(Status::WantWrite);
        return status == Status::Failed ? fail(std::strerror(errno)) : status;
    }
    written = static_cast<size_t>(sent);
    return Status::Done;
}

ByteStream::Status ByteStream::read(std::span<char> room, size_t& got) {
    got = 0;
    if (tls_) {
        ERR_clear_error();
        return tls_status(SSL_read_ex(tls_.get(), room.data(), room.size(), &got));
    }
    const ssize_t read = recv(socket_.get(), room.data(), room.size(), 0);
    if (read < 0) {
        const Status status = later(Status::WantRead);
        return status == Status::Failed ? fail(std::strerror(errno)) : status;
    }
    if (read == 0) return Status::End;
    got = static_cast<size_t>(read);
    return Status::Done;
}

ByteStream::Status ByteStream::fail(std::string why) {
    error_ = std::move(why);
    return Status::Failed;
}

ByteStream::Status ByteStream::tls_status(int result) {
    if (result > 0) return Status::Done;
    switch (SSL_get_error(tls_.get(), result)) {
        case SSL_ERROR_WANT_READ: return Status::WantRead;
        case SSL_ERROR_WANT_WRITE: return Status::WantWrite;
        case SSL_ERROR_ZERO_RETURN: return Status::End;
        default: return fail(last_tls_error());
    }
}

}  // namespace parley::shell
