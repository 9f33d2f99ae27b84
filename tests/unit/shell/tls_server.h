#pragma once

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "common/shell/tcp_listener.h"

namespace parley::shell {

// A key and a certificate for `name` ("DNS:..." or "IP:...") that it signed itself.
struct SelfSigned {
    explicit SelfSigned(const char* name) : key(EVP_EC_gen("P-256")), certificate(X509_new()) {
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
        X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
        X509_set_version(certificate, X509_VERSION_3);
        X509_set_pubkey(certificate, key);
        X509_NAME* const subject = X509_get_subject_name(certificate);
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
        X509_set_issuer_name(certificate, subject);
        X509_EXTENSION* const names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                                          name);
        REQUIRE(names != nullptr);
        X509_add_ext(certificate, names, -1);
        X509_EXTENSION_free(names);
        REQUIRE(X509_sign(certificate, key, EVP_sha256()) > 0);
    }
    ~SelfSigned() {
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
    SelfSigned(const SelfSigned&) = delete;

    std::string pem() const {
        BIO* const bio = BIO_new(BIO_s_mem());
        PEM_write_bio_X509(bio, certificate);
        char* text = nullptr;
        const long size = BIO_get_mem_data(bio, &text);
        std::string copy(text, static_cast<size_t>(size));
        BIO_free(bio);
        return copy;
    }

    std::string key_pem(const char* passphrase = nullptr) const {
        BIO* const bio = BIO_new(BIO_s_mem());
        PEM_write_bio_PKCS8PrivateKey(bio, key, passphrase ? EVP_aes_128_cbc() : nullptr,
                                      passphrase, passphrase ? int(strlen(passphrase)) : 0,
                                      nullptr, nullptr);
        char* text = nullptr;
        const long size = BIO_get_mem_data(bio, &text);
        std::string copy(text, static_cast<size_t>(size));
        BIO_free(bio);
        return copy;
    }

    EVP_PKEY* key;
    X509* certificate;
};

// Speaks TLS to whoever connects, hears a request and says one answer.
class TlsServer {
public:
    TlsServer(Loop& loop, const SelfSigned& identity, std::string answer)
        : answer_(std::move(answer)), context_(SSL_CTX_new(TLS_server_method())) {
        SSL_CTX_use_certificate(context_, identity.certificate);
        SSL_CTX_use_PrivateKey(context_, identity.key);
        const auto accept = [this, &loop](Fd socket, net::Address) {
            sessions_.push_back(std::make_unique<Session>(loop, std::move(socket), *this));
        };
        listener = std::move(*TcpListener::listen(loop, *net::parse_ip("127.0.0.1", 0), accept));
    }
    ~TlsServer() {
        sessions_.clear();
        SSL_CTX_free(context_);
    }

    std::string heard;
    std::unique_ptr<TcpListener> listener;

private:
    struct Session {
        Session(Loop& loop, Fd accepted, TlsServer& owner)
            : server(owner), socket(std::move(accepted)), ssl(SSL_new(owner.context_)) {
            SSL_set_fd(ssl, socket.get());
            SSL_set_accept_state(ssl);
            watch = std::make_unique<Watch>(loop, socket.get(), [this] { on_readable(); });
        }
        ~Session() {
            watch.reset();
            SSL_free(ssl);
        }

        void on_readable() {
            char room[4096];
            size_t got = 0;
            while (SSL_read_ex(ssl, room, sizeof room, &got) == 1) request.append(room, got);
            if (SSL_get_error(ssl, 0) != SSL_ERROR_WANT_READ) return watch.reset();
            if (request.find("\r\n\r\n") == std::string::npos || answered) return;
            answered = true;
            server.heard = request;
            SSL_write_ex(ssl, server.answer_.data(), server.answer_.size(), &got);
        }

        TlsServer& server;
        Fd socket;
        SSL* ssl;
        std::string request;
        bool answered = false;
        std::unique_ptr<Watch> watch;
    };

    std::string answer_;
    SSL_CTX* context_;
    std::vector<std::unique_ptr<Session>> sessions_;
};

}  // namespace parley::shell
