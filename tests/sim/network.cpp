#include "tests/sim/network.h"

#include <utility>

#include "tests/sim/digest.h"

namespace parley::sim {

uint64_t number_of(const net::Address& address) {
    return digest_of(address.ip, address.port);
}

void Network::bind(const net::Address& address, Host& host, Line& line) {
    bindings_.insert(address, {&host, &line});
}

void Network::unbind(const net::Address& address) { bindings_.erase(address); }

void Network::send(const net::Address& from, const net::Address& to, base::Bytes bytes) {
    const Binding* sender = bindings_.find(from);
    if (!sender) return;
    ++sent_;
    const uint64_t digest = digest_of(bytes);
    world_.trace("sent", number_of(from), number_of(to), digest);
    for (Wiretap* tap : taps_) tap->on_sent(from, to, bytes, digest);
    const Binding* receiver = bindings_.find(to);
    if (!receiver) {
        ++unreachable_;
        return;
    }
    size_t copies = 0;
    const Arrivals middle = sender->line->up.carry(world_.now(), bytes.size());
    for (const base::Instant halfway : middle.span()) {
        const Arrivals end = receiver->line->down.carry(halfway, bytes.size());
        for (const base::Instant at : end.span()) {
            enqueue(at, {from, to, digest, copy_of(bytes), false});
            ++copies;
        }
    }
    if (copies == 0) ++lost_;
}

void Network::forge(const net::Address& from, const net::Address& to, std::span<uint8_t> bytes) {
    const Binding* receiver = bindings_.find(to);
    if (!receiver) return;
    Arrived arrived{from, to, bytes};
    receiver->host->on_datagrams(std::span(&arrived, 1));
}

std::vector<uint8_t> Network::copy_of(base::Bytes bytes) {
    std::vector<uint8_t> copy;
    if (!spare_.empty()) {
        copy = std::move(spare_.back());
        spare_.pop_back();
    }
    copy.assign(bytes.begin(), bytes.end());
    return copy;
}

void Network::enqueue(base::Instant at, UnderWay&& datagram) {
    const int64_t turn = kTurn.count();
    const auto rounded = base::Instant::from_micros((at.micros() + turn - 1) / turn * turn);
    auto [bucket, fresh] = under_way_.try_emplace(rounded);
    bucket->second.push_back(std::move(datagram));
    if (fresh) world_.at(rounded, [this, rounded] { deliver(rounded); });
}

// Hosts in the order in which their first datagram was sent.
void Network::deliver(base::Instant at) {
    auto node = under_way_.extract(at);
    std::vector<UnderWay>& datagrams = node.mapped();
    for (size_t i = 0; i < datagrams.size(); ++i) {
        if (datagrams[i].handed_over) continue;
        const Binding* receiver = bindings_.find(datagrams[i].to);
        if (receiver) {
            hand_over(*receiver->host, std::span(datagrams).subspan(i));
        } else {
            ++unreachable_;
        }
    }
    for (UnderWay& datagram : datagrams) spare_.push_back(std::move(datagram.bytes));
}

void Network::hand_over(Host& host, std::span<UnderWay> datagrams) {
    batch_.clear();
    for (UnderWay& datagram : datagrams) {
        if (datagram.handed_over) continue;
        const Binding* receiver = bindings_.find(datagram.to);
        if (!receiver || receiver->host != &host) continue;
        datagram.handed_over = true;
        world_.trace("arrived", number_of(datagram.from), number_of(datagram.to), datagram.digest);
        batch_.push_back({datagram.from, datagram.to, datagram.bytes});
    }
    delivered_ += batch_.size();
    host.on_datagrams(batch_);
}

}  // namespace parley::sim
