#include "worker/srtp/heard_streams.h"

#include <algorithm>

#include "common/base/ensure.h"

namespace parley::srtp {

size_t HeardStreams::longest_silent() const {
    const auto oldest =
        std::min_element(streams_.begin(), streams_.end(),
                         [](const Stream& a, const Stream& b) { return a.last < b.last; });
    return static_cast<size_t>(oldest - streams_.begin());
}

bool HeardStreams::has_room() const {
    return size() < most_ || packets_ - streams_[longest_silent()].last >= kStale;
}

HeardStreams::Stream& HeardStreams::place_for(uint32_t ssrc) {
    if (const uint32_t* known = places_.find(ssrc)) return streams_[*known];
    ENSURE(has_room());
    size_t place = size();
    if (place < most_) {
        streams_.emplace_back();
    } else {
        place = longest_silent();
        places_.erase(streams_[place].ssrc);
    }
    places_.insert(ssrc, static_cast<uint32_t>(place));
    streams_[place] = {.ssrc = ssrc};
    return streams_[place];
}

void HeardStreams::add(uint32_t ssrc, uint64_t index) {
    Stream& stream = place_for(ssrc);
    stream.window.add(index);
    stream.last = ++packets_;
}

}  // namespace parley::srtp
