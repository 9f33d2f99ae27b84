#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "common/base/flat_map.h"
#include "tests/sim/link.h"
#include "tests/sim/world.h"
#include "worker/net/address.h"

namespace parley::sim {

struct Arrived {
    net::Address from;
    net::Address to;
    std::span<uint8_t> bytes;  // the receiver's to change, for the length of the call
};

// Whoever has a socket.
class Host {
public:
    virtual ~Host() = default;
    virtual void on_datagrams(std::span<Arrived> batch) = 0;
};

// Sees all that is sent, before the network does anything to it.
class Wiretap {
public:
    virtual ~Wiretap() = default;
    virtual void on_sent(const net::Address& from, const net::Address& to, base::Bytes bytes,
                         uint64_t digest) = 0;
};

// Delivers datagrams between addresses: over the sender's uplink, then the receiver's downlink.
// What arrives at a host in one instant is handed over as one batch; arrivals are rounded up to
// the length of a turn, so that there are such batches.
class Network {
public:
    static constexpr base::Duration kTurn = 250us;

    explicit Network(World& world) : world_(world) {}

    // The tap must outlive the network.
    void tap(Wiretap& tap) { taps_.push_back(&tap); }

    // The host hears what is sent to `address`, and may send from it. Host and line must outlive
    // the binding. Binding an address that is taken hands it over.
    void bind(const net::Address& address, Host& host, Line& line);
    void unbind(const net::Address& address);

    // Borrows the bytes. From an address that is not bound nothing leaves.
    void send(const net::Address& from, const net::Address& to, base::Bytes bytes);

    // What a stranger sends in the name of `from`: it is there at once, no line loses it, and no
    // tap hears it, so that no law is held to it. The receiver may change the bytes. Nothing
    // happens when nobody is at `to`.
    void forge(const net::Address& from, const net::Address& to, std::span<uint8_t> bytes);

    uint64_t sent() const { return sent_; }
    uint64_t lost() const { return lost_; }              // to loss and to full queues
    uint64_t unreachable() const { return unreachable_; }  // nobody was there any more
    uint64_t delivered() const { return delivered_; }

private:
    struct Binding {
        Host* host = nullptr;
        Line* line = nullptr;
    };
    struct UnderWay {
        net::Address from;
        net::Address to;
        uint64_t digest;
        std::vector<uint8_t> bytes;
        bool handed_over;
    };
    struct AddressHash {
        uint64_t operator()(const net::Address& address) const {
            return net::PathHash{}({address, 0});
        }
    };

    void enqueue(base::Instant at, UnderWay&& datagram);
    void deliver(base::Instant at);
    void hand_over(Host& host, std::span<UnderWay> datagrams);
    std::vector<uint8_t> copy_of(base::Bytes bytes);

    World& world_;
    std::vector<Wiretap*> taps_;
    base::FlatMap<net::Address, Binding, AddressHash> bindings_;
    std::map<base::Instant, std::vector<UnderWay>> under_way_;
    std::vector<std::vector<uint8_t>> spare_;  // buffers to use again
    std::vector<Arrived> batch_;
    uint64_t sent_ = 0;
    uint64_t lost_ = 0;
    uint64_t unreachable_ = 0;
    uint64_t delivered_ = 0;
};

// For traces.
uint64_t number_of(const net::Address& address);

}  // namespace parley::sim
