#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/base/bytes.h"
#include "common/base/prefetch.h"
#include "worker/net/outbox.h"
#include "worker/srtp/sender.h"

namespace parley::router {

// Where packets leave towards one remote end: the key that protects them, the path that they take
// and how many there were. Whoever finds keys and paths, by handshake or by being told, sets them.
class Outlet {
public:
    // Media can leave: there are keys and a path.
    bool can_send() const { return sender_.has_value() && has_path_; }
    bool has_keys() const { return sender_.has_value(); }
    bool has_path() const { return has_path_; }
    std::optional<net::Path> path() const {
        return has_path_ ? std::optional(path_) : std::nullopt;
    }

    void set_keys(srtp::Profile profile, const srtp::Master& master) {
        sender_.emplace(profile, master);
    }
    void clear_keys() { sender_.reset(); }
    void set_path(std::optional<net::Path> path) {
        has_path_ = path.has_value();
        if (path) path_ = *path;
    }

    // Protect the packet of `size` bytes in `room`, which is what out.next() gave, and commit it.
    // False and nothing sent when it cannot be protected. REQUIRES: can_send().
    bool send_rtp(std::span<uint8_t> room, size_t size, net::Outbox& out) {
        return commit(sender_->protect_rtp(room, size), out);
    }
    bool send_rtcp(std::span<uint8_t> room, size_t size, net::Outbox& out) {
        return commit(sender_->protect_rtcp(room, size), out);
    }
    // As it is: what protects itself. REQUIRES: has_path(); at most kDatagramBytes.
    void send_plain(base::Bytes datagram, net::Outbox& out);

    // The SSRC is never sent again.
    void forget_stream(uint32_t ssrc) {
        if (sender_) sender_->forget(ssrc);
    }

    // Asks for the memory that send_rtp() will touch.
    void prefetch() const { base::prefetch(this, sizeof *this); }

    // The next transport-wide sequence number, draft-holmer-rmcat-transport-wide-cc-extensions-01.
    uint16_t next_transport_sequence_number() { return ++transport_sequence_number_; }

    uint64_t packets_sent() const { return packets_sent_; }
    uint64_t bytes_sent() const { return bytes_sent_; }

private:
    bool commit(size_t size, net::Outbox& out) {
        if (size == 0) return false;
        out.commit(path_, size);
        ++packets_sent_;
        bytes_sent_ += size;
        return true;
    }

    std::optional<srtp::Sender> sender_;
    net::Path path_;  // when has_path_
    bool has_path_ = false;
    uint16_t transport_sequence_number_ = 0;
    uint64_t packets_sent_ = 0;
    uint64_t bytes_sent_ = 0;
};

}  // namespace parley::router
