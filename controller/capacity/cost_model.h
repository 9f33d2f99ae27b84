#pragma once

#include <array>
#include <cstdint>

#include "common/base/time.h"

// What work costs on this machine, learned while it runs.
namespace parley::controller::capacity {

// What a worker did in some span of time, and the processor time that it took.
struct Work {
    base::Duration span{};
    base::Duration cpu{};
    uint64_t packets = 0;  // received and sent
    uint64_t transports = 0;
    uint64_t handshakes = 0;
};

struct Costs {
    double packet_ns = 3'000;            // received or sent
    double transport_ns_per_s = 20'000;  // its checks and reports, for as long as it is there
    double handshake_ns = 1'500'000;
};

// Bounded least squares over what was seen, the older the less, pulled to the costs it began with:
// what a machine has not been seen to do keeps its first price, and no observation, however odd,
// makes one more than kFactorMost times dearer or cheaper than that.
class CostModel {
public:
    static constexpr double kFactorMost = 16;

    explicit CostModel(Costs prior = {}) : prior_(prior) {}

    void on_work(const Work& work);
    Costs costs() const;

private:
    static constexpr size_t kKinds = 3;

    Costs prior_;
    // Each cost is a factor of its prior; these are the normal equations for the factors.
    std::array<std::array<double, kKinds>, kKinds> squares_{};
    std::array<double, kKinds> products_{};
    std::array<double, kKinds> factors_{1, 1, 1};
};

// The cores that this much work keeps busy.
double cores(const Costs& costs, const Work& work);

}  // namespace parley::controller::capacity
