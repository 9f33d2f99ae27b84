#pragma once

#include <cstdint>
#include <string>

#include "common/base/random.h"
#include "router-service/core.h"

namespace parley::bench {

// A router-service that has heard so many servers with so many rooms among them, whole and active;
// by the same deliveries that the broker would bring. Time stands still but for what is counted.
class Model {
public:
    Model(uint32_t servers, uint32_t rooms);

    router_service::RouterService& core() { return core_; }
    base::Instant now() const { return now_; }

    // Bytes of the heap that the servers and the rooms took.
    double bytes_per_server() const { return bytes_per_server_; }
    double bytes_per_room() const { return bytes_per_room_; }

private:
    void beat(uint32_t server, uint64_t number, bool whole, uint32_t first, uint32_t count);

    base::SeededRandom random_{1};
    base::Instant now_ = base::Instant::from_micros(1'700'000'000'000'000);
    router_service::RouterService core_;
    double bytes_per_server_ = 0;
    double bytes_per_room_ = 0;
};

std::string server_name(uint32_t server);

}  // namespace parley::bench
