#pragma once

#include <array>
#include <cstdint>

#include "common/base/histogram.h"

namespace parley::router {

inline constexpr std::array kRoundTripSeconds{.005, .01, .025, .05, .1, .15, .2, .3, .5, 1.0, 2.0};
inline constexpr std::array kJitterSeconds{.001, .002, .005, .01, .02, .03, .05, .1, .2};
inline constexpr std::array kLossRatios{0.0, .01, .02, .05, .1, .2, .5};
inline constexpr std::array kFirstPacketSeconds{.05, .1, .2, .3, .5, 1.0, 2.0, 3.0, 5.0, 10.0};

// How streams fare on one way, as who receives them says about once a second for each.
struct StreamQuality {
    uint64_t packets_expected = 0;
    uint64_t packets_lost = 0;  // of these
    // Of one stream between two reports.
    base::Histogram<kLossRatios> loss;
    base::Histogram<kJitterSeconds> jitter;
    // Until the first packet that a peer spoke was accepted; from when the first was due to a
    // listener until one was sent.
    base::Histogram<kFirstPacketSeconds> first_packet;
};

// How voices fare between peers and this worker. What peers report may be a lie, which skews the
// numbers and does nothing else: each report counts for little, and within bounds.
struct Quality {
    StreamQuality received;
    StreamQuality sent;
    base::Histogram<kRoundTripSeconds> round_trip;       // to a peer and back
    base::Histogram<kRoundTripSeconds> pipe_round_trip;  // to another worker and back
    uint64_t pipe_missing = 0;                           // packets that pipes asked for again
    uint64_t pipe_repaired = 0;                          // of these, came

    // `lost` of `expected` packets of one stream since the last report; no news without any.
    static void on_report(StreamQuality& way, uint32_t expected, uint32_t lost,
                          base::Duration jitter) {
        if (expected == 0) return;
        way.packets_expected += expected;
        way.packets_lost += lost;
        way.loss.observe(static_cast<double>(lost) / expected);
        way.jitter.observe(jitter);
    }
};

}  // namespace parley::router
