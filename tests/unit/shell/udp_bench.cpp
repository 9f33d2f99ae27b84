// What DatagramSender costs and saves over loopback, beside a bare sendmmsg of 64 prepared
// messages at a time. Not a test: figures for people. A datagram is 140 bytes, sent to a socket
// that nobody reads; what is counted is the CPU time of this thread, the kernel's work in it
// included.
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <vector>

#include "common/base/ensure.h"
#include "common/shell/datagram_sender.h"
#include "common/shell/fd.h"

using namespace parley;
using namespace parley::shell;

namespace {

constexpr size_t kDatagramBytes = 140;
constexpr int kRounds = 200;  // of one batch each, in one run
constexpr int kRuns = 9;      // interleaved; the median counts

int64_t cpu_ns() {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

Fd udp_socket() {
    Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    SocketAddress any;
    const socklen_t size = write_socket_address(net::Address::v4(0, 0), any);
    ENSURE(fd && bind(fd.get(), &any.any, size) == 0);
    return fd;
}

uint16_t port_of(const Fd& fd) {
    SocketAddress name;
    socklen_t size = sizeof name;
    ENSURE(getsockname(fd.get(), &name.any, &size) == 0);
    return read_socket_address(name).port;
}

// Everything is written before the clock runs: the least that a sendmmsg loop can cost.
class BareLoop {
public:
    explicit BareLoop(std::span<const net::Datagram> batch)
        : messages_(batch.size()), names_(batch.size()), bytes_(batch.size()) {
        for (size_t i = 0; i < batch.size(); ++i) {
            msghdr& message = messages_[i].msg_hdr;
            message.msg_namelen = write_socket_address(batch[i].path.remote, names_[i]);
            message.msg_name = &names_[i];
            bytes_[i] = {batch[i].bytes.data(), batch[i].bytes.size()};
            message.msg_iov = &bytes_[i];
            message.msg_iovlen = 1;
        }
    }

    void send(int socket) {
        for (size_t i = 0; i < messages_.size(); i += 64) {
            const size_t count = std::min<size_t>(64, messages_.size() - i);
            sendmmsg(socket, &messages_[i], static_cast<unsigned>(count), 0);
        }
    }

private:
    std::vector<mmsghdr> messages_;
    std::vector<SocketAddress> names_;
    std::vector<iovec> bytes_;
};

template <typename Work>
double ns_per_datagram(size_t datagrams, Work work) {
    const int64_t before = cpu_ns();
    for (int i = 0; i < kRounds; ++i) work();
    return static_cast<double>(cpu_ns() - before) / static_cast<double>(datagrams) / kRounds;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// `destinations` listeners who are sent `each` datagrams, one to everybody in turn.
void measure(size_t destinations, size_t each) {
    const Fd from = udp_socket(), sink = udp_socket();
    const int fds[] = {from.get()};
    std::vector<uint8_t> voice(kDatagramBytes, 'v');
    std::vector<net::Datagram> batch;
    for (size_t i = 0; i < destinations * each; ++i) {
        const auto ip = static_cast<uint32_t>(0x7f010001 + i % destinations);
        batch.push_back({{net::Address::v4(ip, port_of(sink)), 0}, voice});
    }
    BareLoop bare(batch);
    const auto sender = std::make_unique<DatagramSender>();
    const auto plain = std::make_unique<DatagramSender>();
    const auto groups = std::make_unique<DatagramGroups>();
    plain->use_segments(false);
    net::Drops drops;
    std::vector<double> costs[4];
    for (int run = 0; run < kRuns; ++run) {
        const size_t count = batch.size();
        costs[0].push_back(ns_per_datagram(count, [&] { bare.send(from.get()); }));
        costs[1].push_back(ns_per_datagram(count, [&] { plain->send(fds, batch, drops); }));
        costs[2].push_back(ns_per_datagram(count, [&] { sender->send(fds, batch, drops); }));
        costs[3].push_back(ns_per_datagram(count, [&] { groups->build(batch); }));
    }
    const double floor = median(costs[0]), ungrouped = median(costs[1]), ours = median(costs[2]);
    std::printf("%4zu x %2zu %9.0f %13.0f (%.2f) %9.0f (%.2f) %9.1f\n", destinations, each, floor,
                ungrouped, ungrouped / floor, ours, ours / floor, median(costs[3]));
}

}  // namespace

int main() {
    std::printf("ns per datagram: median of %d runs\n", kRuns);
    std::printf("listeners  sendmmsg  no segments (ratio)      ours (ratio)  grouping\n");
    measure(500, 1);
    measure(250, 2);
    measure(125, 4);
    measure(20, 19);
    measure(1, 500);
}
