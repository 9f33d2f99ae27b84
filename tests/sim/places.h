#pragma once

#include <cstdint>

#include "common/base/flat_map.h"
#include "tests/sim/network.h"

namespace parley::sim {

// Gives out addresses and numbers of legs, and knows whose an address is, also after its owner
// moved on: what was sent there was still meant for that leg.
class Places {
public:
    net::Address next_address(bool v6) {
        ++latest_;
        const uint64_t host = latest_;
        if (!v6) return net::Address::v4(0x0a000000u + static_cast<uint32_t>(host), 50'000);
        net::Address address = *net::parse_ip("2001:db8:1::", 50'000);
        for (size_t i = 0; i < 8; ++i) {
            address.ip[15 - i] = static_cast<uint8_t>(host >> 8 * i);
        }
        return address;
    }

    uint32_t next_leg() { return ++latest_leg_; }

    void settle(uint32_t leg, const net::Address& address) {
        legs_.insert(number_of(address), leg);
    }

    // 0 when nobody ever lived there.
    uint32_t leg_at(const net::Address& address) const {
        const uint32_t* leg = legs_.find(number_of(address));
        return leg ? *leg : 0;
    }

private:
    uint64_t latest_ = 0;
    uint32_t latest_leg_ = 0;
    base::FlatMap<uint64_t, uint32_t> legs_;
};

}  // namespace parley::sim
