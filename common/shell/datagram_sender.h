#pragma once

#include <netinet/udp.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>

#include "common/shell/datagram_groups.h"
#include "common/shell/socket_address.h"
#include "worker/net/drop.h"

namespace parley::shell {

// Sends batches with as few and as large system calls as the kernel allows: up to 64 messages in
// one sendmmsg, and in one message (UDP_SEGMENT) several datagrams to one path that are of equal
// size, of which the last may be shorter. It never blocks and never allocates. What can not be sent
// is a counted drop, and costs the other destinations nothing.
class DatagramSender {
public:
    DatagramSender();
    DatagramSender(const DatagramSender&) = delete;

    // Path.local is an index into `sockets`. Datagrams to one path leave in the order given.
    void send(std::span<const int> sockets, std::span<const net::Datagram> batch,
              net::Drops& drops);

    // False once the kernel has refused UDP_SEGMENT several times in a row, or when told so.
    bool segments() const { return segments_; }
    void use_segments(bool use) { segments_ = use; }

    uint64_t packets() const { return packets_; }
    uint64_t bytes() const { return bytes_; }
    uint64_t calls() const { return calls_; }  // into the kernel

private:
    static constexpr size_t kMessages = 64;  // more in one call gain nothing
    static constexpr size_t kControlBytes = CMSG_SPACE(sizeof(uint16_t));
    struct alignas(cmsghdr) Control {
        std::array<uint8_t, kControlBytes> bytes;
    };

    void send_chunk(std::span<const int> sockets, std::span<const net::Datagram> batch,
                    net::Drops& drops);
    bool joins(size_t size) const;
    void begin_message(const net::Path& path);
    void add_segment(std::span<uint8_t> bytes);
    void close_message();
    void flush(int socket, net::Drops& drops);
    void on_refused(int socket, size_t message, int error, net::Drops& drops);
    void send_one_by_one(int socket, const msghdr& message, net::Drops& drops);

    DatagramGroups groups_;
    std::array<mmsghdr, kMessages> messages_{};
    std::array<SocketAddress, kMessages> names_{};
    std::array<Control, kMessages> controls_{};
    std::array<iovec, DatagramGroups::kDatagrams> segments_of_;  // of all messages, in a row
    size_t message_count_ = 0;
    size_t segment_count_ = 0;
    // The message that is being written.
    size_t message_bytes_ = 0;
    bool message_open_ = false;

    bool segments_ = true;
    uint32_t refusals_in_a_row_ = 0;
    uint64_t packets_ = 0;
    uint64_t bytes_ = 0;
    uint64_t calls_ = 0;
};

}  // namespace parley::shell
