#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/shell/datagram_sender.h"
#include "common/shell/fd.h"
#include "common/shell/loop.h"
#include "worker/net/outbox.h"

namespace parley::shell {

struct UdpCounters {
    uint64_t packets_received = 0;  // the ones that were too long among them
    uint64_t bytes_received = 0;
    uint64_t packets_sent = 0;
    uint64_t bytes_sent = 0;
    uint64_t receive_calls = 0;
    uint64_t send_calls = 0;
};

// The UDP sockets of one worker: one per listen address, all on the same port number.
// Path.local is the index of the listen address.
class UdpPort final : public net::DatagramSink {
public:
    // Hears what arrived, in the order of each socket, with the clock read once for all of it. The
    // bytes may be changed in place and are borrowed for the length of the call. Ends of turns
    // (loop.h, TurnEnd) are the place to flush what this made to be sent.
    using OnBatch = std::function<void(base::Instant now, std::span<net::Datagram> batch)>;

    // Listens on every address. Their port is `port`; 0 takes one that is free on all of them.
    // The error says which address would not do, and why.
    static base::Result<std::unique_ptr<UdpPort>, std::string> open(
        Loop& loop, std::span<const net::Address> listen, uint16_t port, OnBatch on_batch);

    // Never blocks: what the kernel does not take is counted in drops().
    void send(std::span<const net::Datagram> batch) override;

    uint16_t port() const { return port_; }
    UdpCounters counters() const;
    const net::Drops& drops() const { return drops_; }  // TooLong, SendBufferFull, SendFailed
    DatagramSender& sender() { return sender_; }

private:
    // One datagram may take one byte more than it may have: that says it is too long.
    static constexpr size_t kStride = (limits::kDatagramBytes + 64) & ~size_t{63};
    static_assert(kStride > limits::kDatagramBytes);

    UdpPort(Loop& loop, std::vector<Fd> sockets, uint16_t port, OnBatch on_batch);

    void on_readable(size_t local);
    size_t receive(size_t local);
    std::span<net::Datagram> take(size_t local, size_t count);

    Loop& loop_;
    OnBatch on_batch_;
    uint16_t port_;
    std::vector<Fd> sockets_;
    std::vector<int> fds_;

    std::vector<uint8_t> room_;
    std::array<mmsghdr, limits::kReceiveBatch> messages_{};
    std::array<iovec, limits::kReceiveBatch> buffers_;
    std::array<SocketAddress, limits::kReceiveBatch> names_{};
    std::array<net::Datagram, limits::kReceiveBatch> batch_;

    DatagramSender sender_;
    net::Drops drops_;
    UdpCounters counters_;
    std::vector<std::unique_ptr<Watch>> watches_;  // last: gone before the sockets
};

}  // namespace parley::shell
