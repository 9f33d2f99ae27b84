#include "tests/sim/autoscaler/demand.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace parley::sim {

namespace {

double hours(base::Duration time) {
    return static_cast<double>(time.count()) / 3.6e9;
}

// Of the busiest, at each second hour; between them by a straight line.
constexpr std::array kDay = {0.35, 0.18, 0.10, 0.10, 0.20, 0.35, 0.45,
                             0.45, 0.50, 0.75, 1.00, 0.80, 0.35};

}  // namespace

double Demand::people(base::Duration since_midnight) const {
    const double hour = std::clamp(hours(since_midnight), 0.0, 23.999);
    const auto before = static_cast<size_t>(hour / 2);
    const double part = hour / 2 - static_cast<double>(before);
    const double usual = kDay[before] * (1 - part) + kDay[before + 1] * part;
    // Up within the rise; down as fast as it came.
    const double since = hours(since_midnight - crowd_at) / hours(crowd_rise);
    const double until = hours(crowd_at + crowd_stay - since_midnight) / hours(crowd_rise);
    return evening * usual * (1 + crowd * std::clamp(std::min(since, until), 0.0, 1.0));
}

}  // namespace parley::sim
