#pragma once

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "common/shell/byte_stream.h"
#include "tests/unit/shell/raw_client.h"

namespace parley::shell {

// A client over TLS that believes one certificate, for "localhost", and keeps what it hears.
class TlsClient {
public:
    TlsClient(Loop& loop, const net::Address& to, const std::string& ca_file)
        : context_(std::move(*client_tls(ca_file))), loop_(loop) {
        SocketAddress name;
        const socklen_t size = write_socket_address(to, name);
        Fd socket(::socket(name.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(connect(socket.get(), &name.any, size) == 0);
        REQUIRE(fcntl(socket.get(), F_SETFL, O_NONBLOCK) == 0);
        stream_ = std::make_unique<ByteStream>(std::move(socket));
        // What a browser would rather have, and then what there is: it must get the second.
        static constexpr unsigned char kOffers[] = "\2h2\10http/1.1";
        SSL_CTX_set_alpn_protos(context_.get(), kOffers, sizeof kOffers - 1);
        stream_->use_tls(*context_, "localhost");
        watch_ = std::make_unique<Watch>(
            loop_, stream_->fd(), [this] { step(); }, [this] { step(); });
        step();
    }

    void say(std::string_view words) {
        unsaid_ += words;
        step();
    }
    bool heard(std::string_view text) const { return bytes.find(text) != std::string::npos; }
    const std::string& error() const { return stream_->error(); }

    std::string bytes;
    bool open = false;    // the handshake is done
    bool closed = false;  // by the other end, or because it is not believed

private:
    using Status = ByteStream::Status;

    void step() {
        if (closed) return;
        if (!open) {
            const Status shaken = stream_->handshake();
            if (shaken == Status::Failed || shaken == Status::End) return end();
            if (shaken != Status::Done) return;
            open = true;
        }
        write();
        watch_->want_writable(!unsaid_.empty());
        read();
    }

    void write() {
        while (!unsaid_.empty()) {
            size_t written = 0;
            const Status status = stream_->write(unsaid_, written);
            if (status != Status::Done) break;
            unsaid_.erase(0, written);
        }
    }

    void read() {
        char room[16 * 1024];
        for (;;) {
            size_t got = 0;
            const Status status = stream_->read(room, got);
            if (status == Status::WantRead || status == Status::WantWrite) return;
            if (status != Status::Done) return end();
            bytes.append(room, got);
        }
    }

    void end() {
        closed = true;
        watch_.reset();
    }

    SslContextPtr context_;
    Loop& loop_;
    std::unique_ptr<ByteStream> stream_;
    std::string unsaid_;
    std::unique_ptr<Watch> watch_;
};

}  // namespace parley::shell
