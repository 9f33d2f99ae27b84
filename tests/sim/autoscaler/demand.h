#pragma once

#include "common/base/time.h"

namespace parley::sim {

// How many people want to talk, by the hour of a day: a quiet night, a full evening, and in the
// afternoon a crowd that is there within three minutes and stays for forty.
struct Demand {
    double evening = 12'000;  // people at the busiest hour
    double crowd = 1.0;       // times as many again
    base::Duration crowd_at = 15h, crowd_rise = 3min, crowd_stay = 40min;

    double people(base::Duration since_midnight) const;
};

}  // namespace parley::sim
