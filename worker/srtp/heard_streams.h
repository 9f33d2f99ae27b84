#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/base/flat_map.h"
#include "common/base/replay_window.h"
#include "worker/limits.h"

namespace parley::srtp {

// The replay windows of the SSRCs that one transport sends. Bounded: a peer that has the keys may
// invent SSRCs, but not have memory for them. A stream that has been silent while the others sent
// many packets makes room for a new one, so a long call may replace its streams for ever.
class HeardStreams {
public:
    // A stream is stale when this many later packets of its transport have been heard.
    static constexpr uint64_t kStale = 4'096;

    explicit HeardStreams(size_t most = limits::kSrtpStreams) : most_(most) {}

    // Nullptr when nothing authentic was heard of this SSRC.
    base::ReplayWindow* find(uint32_t ssrc) {
        const uint32_t* place = places_.find(ssrc);
        return place ? &streams_[*place].window : nullptr;
    }

    // Whether an SSRC that find() does not know may be added.
    bool has_room() const;

    // Notes an authentic packet. REQUIRES: find(ssrc) or has_room(); the index was not heard.
    void add(uint32_t ssrc, uint64_t index);

    size_t size() const { return streams_.size(); }

private:
    struct Stream {
        uint32_t ssrc = 0;
        base::ReplayWindow window = {};
        uint64_t last = 0;  // packets_ when it was last heard
    };

    size_t longest_silent() const;
    Stream& place_for(uint32_t ssrc);

    base::FlatMap<uint32_t, uint32_t> places_;  // in streams_, by SSRC
    std::vector<Stream> streams_;
    size_t most_;
    uint64_t packets_ = 0;
};

}  // namespace parley::srtp
