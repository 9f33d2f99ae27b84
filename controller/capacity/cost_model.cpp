#include "controller/capacity/cost_model.h"

#include <algorithm>

namespace parley::controller::capacity {

namespace {

constexpr double kMemory = 0.998;  // of what was seen, kept from one span to the next
// How much seen work, as a squared number of core seconds, outweighs the first price.
constexpr double kPull = 0.001;
constexpr int kPasses = 64;  // of coordinate descent: more than three unknowns ever took

double seconds(base::Duration span) {
    return std::chrono::duration<double>(span).count();
}

// Core seconds at the given prices, one number for each kind of work.
std::array<double, 3> priced(const Costs& costs, const Work& work) {
    const double span = seconds(work.span);
    return {static_cast<double>(work.packets) * costs.packet_ns * 1e-9,
            static_cast<double>(work.transports) * span * costs.transport_ns_per_s * 1e-9,
            static_cast<double>(work.handshakes) * costs.handshake_ns * 1e-9};
}

}  // namespace

void CostModel::on_work(const Work& work) {
    const double span = seconds(work.span);
    const double cpu = seconds(work.cpu);
    if (span <= 0 || cpu < 0) return;
    const auto parts = priced(prior_, work);
    for (size_t i = 0; i < kKinds; ++i) {
        for (size_t j = 0; j < kKinds; ++j) {
            squares_[i][j] = squares_[i][j] * kMemory + parts[i] * parts[j];
        }
        products_[i] = products_[i] * kMemory + parts[i] * cpu;
    }
    for (int pass = 0; pass < kPasses; ++pass) {
        for (size_t i = 0; i < kKinds; ++i) {
            double unexplained = products_[i] + kPull;
            for (size_t j = 0; j < kKinds; ++j) {
                if (j != i) unexplained -= squares_[i][j] * factors_[j];
            }
            factors_[i] =
                std::clamp(unexplained / (squares_[i][i] + kPull), 1 / kFactorMost, kFactorMost);
        }
    }
}

Costs CostModel::costs() const {
    return {prior_.packet_ns * factors_[0], prior_.transport_ns_per_s * factors_[1],
            prior_.handshake_ns * factors_[2]};
}

double cores(const Costs& costs, const Work& work) {
    const double span = seconds(work.span);
    if (span <= 0) return 0;
    const auto parts = priced(costs, work);
    return (parts[0] + parts[1] + parts[2]) / span;
}

}  // namespace parley::controller::capacity
