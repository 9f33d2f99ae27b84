#include "common/shell/datagram_sender.h"

#include <algorithm>
#include <cerrno>

namespace parley::shell {

namespace {

// What one message may carry: the kernel's oldest limit on segments, and an IPv4 packet's length
// less the headers of IP and UDP.
constexpr size_t kSegments = 64;
constexpr size_t kMessageBytes = 65'507;

// A segment must fit a frame of the interface together with its headers, or the kernel refuses the
// whole message. This is an Ethernet frame's payload less IPv6 and UDP.
constexpr size_t kSegmentBytes = 1'500 - 48;

// So often in a row may the kernel refuse UDP_SEGMENT before it is not asked again. One refusal
// may be the doing of a single destination behind a small path MTU.
constexpr uint32_t kRefusals = 16;

bool refuses_segments(int error) {
    return error == EIO || error == EINVAL || error == EOPNOTSUPP || error == EMSGSIZE;
}

bool is_full(int error) {
    return error == EAGAIN || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

DatagramSender::DatagramSender() {
    for (size_t i = 0; i < kMessages; ++i) {
        msghdr& message = messages_[i].msg_hdr;
        message.msg_name = &names_[i];
        message.msg_control = controls_[i].bytes.data();
        message.msg_controllen = kControlBytes;
        cmsghdr* const control = CMSG_FIRSTHDR(&message);
        control->cmsg_level = SOL_UDP;
        control->cmsg_type = UDP_SEGMENT;
        control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    }
}

void DatagramSender::send(std::span<const int> sockets, std::span<const net::Datagram> batch,
                          net::Drops& drops) {
    while (!batch.empty()) {
        const auto chunk = batch.first(std::min(batch.size(), DatagramGroups::kDatagrams));
        send_chunk(sockets, chunk, drops);
        batch = batch.subspan(chunk.size());
    }
}

void DatagramSender::send_chunk(std::span<const int> sockets,
                                std::span<const net::Datagram> batch, net::Drops& drops) {
    groups_.build(batch);
    size_t left = groups_.groups().size();
    for (size_t local = 0; local < sockets.size() && left > 0; ++local) {
        for (const DatagramGroups::Group& group : groups_.groups()) {
            if (group.local != local) continue;
            --left;
            for (uint16_t i = group.first; i != DatagramGroups::kEnd; i = groups_.next(i)) {
                if (i == group.first || !joins(batch[i].bytes.size())) {
                    close_message();
                    if (message_count_ == kMessages) flush(sockets[local], drops);
                    begin_message(batch[i].path);
                }
                add_segment(batch[i].bytes);
            }
        }
        close_message();
        flush(sockets[local], drops);
    }
    ENSURE(left == 0);  // a path whose socket does not exist
}

bool DatagramSender::joins(size_t size) const {
    const msghdr& message = messages_[message_count_].msg_hdr;
    const size_t segment = message.msg_iov[0].iov_len;
    const bool last_is_full = message.msg_iov[message.msg_iovlen - 1].iov_len == segment;
    return segments_ && last_is_full && size > 0 && size <= segment && segment <= kSegmentBytes &&
           message.msg_iovlen < kSegments && message_bytes_ + size <= kMessageBytes;
}

void DatagramSender::begin_message(const net::Path& path) {
    msghdr& message = messages_[message_count_].msg_hdr;
    message.msg_namelen = write_socket_address(path.remote, names_[message_count_]);
    message.msg_iov = &segments_of_[segment_count_];
    message.msg_iovlen = 0;
    message_bytes_ = 0;
    message_open_ = true;
}

void DatagramSender::add_segment(std::span<uint8_t> bytes) {
    segments_of_[segment_count_++] = {bytes.data(), bytes.size()};
    ++messages_[message_count_].msg_hdr.msg_iovlen;
    message_bytes_ += bytes.size();
}

void DatagramSender::close_message() {
    if (!message_open_) return;
    message_open_ = false;
    msghdr& message = messages_[message_count_].msg_hdr;
    message.msg_controllen = 0;
    if (message.msg_iovlen > 1) {
        message.msg_controllen = kControlBytes;
        const auto size = static_cast<uint16_t>(message.msg_iov[0].iov_len);
        std::memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &size, sizeof size);
    }
    ++message_count_;
}

void DatagramSender::flush(int socket, net::Drops& drops) {
    size_t done = 0;
    while (done < message_count_) {
        const auto count = static_cast<unsigned>(message_count_ - done);
        const int sent = sendmmsg(socket, &messages_[done], count, MSG_DONTWAIT);
        ++calls_;
        if (sent < 0) {
            const int error = errno;
            if (error == EINTR) continue;
            if (error == EAGAIN) {  // the socket's buffer: those behind it would meet the same
                for (; done < message_count_; ++done) {
                    drops.count(net::Drop::SendBufferFull, messages_[done].msg_hdr.msg_iovlen);
                }
                break;
            }
            on_refused(socket, done++, error, drops);
            continue;
        }
        for (const size_t end = done + static_cast<size_t>(sent); done < end; ++done) {
            packets_ += messages_[done].msg_hdr.msg_iovlen;
            bytes_ += messages_[done].msg_len;
            if (messages_[done].msg_hdr.msg_iovlen > 1) refusals_in_a_row_ = 0;
        }
    }
    message_count_ = 0;
    segment_count_ = 0;
}

void DatagramSender::on_refused(int socket, size_t message, int error, net::Drops& drops) {
    const msghdr& refused = messages_[message].msg_hdr;
    if (refused.msg_iovlen > 1 && refuses_segments(error)) {
        if (++refusals_in_a_row_ == kRefusals) segments_ = false;
        send_one_by_one(socket, refused, drops);
        return;
    }
    drops.count(is_full(error) ? net::Drop::SendBufferFull : net::Drop::SendFailed,
                refused.msg_iovlen);
}

void DatagramSender::send_one_by_one(int socket, const msghdr& message, net::Drops& drops) {
    msghdr one = message;
    one.msg_controllen = 0;
    one.msg_control = nullptr;
    one.msg_iovlen = 1;
    for (size_t i = 0; i < message.msg_iovlen; ++i) {
        one.msg_iov = &message.msg_iov[i];
        const ssize_t sent = sendmsg(socket, &one, MSG_DONTWAIT);
        ++calls_;
        if (sent < 0) {
            drops.count(is_full(errno) ? net::Drop::SendBufferFull : net::Drop::SendFailed);
            continue;
        }
        ++packets_;
        bytes_ += static_cast<uint64_t>(sent);
    }
}

}  // namespace parley::shell
