#include "worker/srtp/heard_streams.h"

#include <algorithm>

#include "common/base/ensure.h"
#include "worker/limits.h"

namespace parley::srtp {

size_t HeardStreams::longest_silent() const {
    const auto oldest =
        std::min_element(streams_.begin(), streams_.end(),
                         [](const Stream& a, const Stream& b) { return a.last < b.last; });
    return static_cast<size_t>(oldest - streams_.begin());
}

bool HeardStreams::has_room() const {
    return size() < limits::kSrtpStreams || packets_ - streams_[longest_silent()].last >= kStale;
}

size_t HeardStreams::place_for(uint32_t ssrc) {
    const auto known = std::find(ssrcs_.begin(), ssrcs_.end(), ssrc);
    if (known != ssrcs_.end()) return static_cast<size_t>(known - ssrcs_.begin());
    ENSURE(has_room());
    if (size() < limits::kSrtpStreams) {
        ssrcs_.push_back(ssrc);
        streams_.emplace_back();
        return size() - 1;
    }
    const size_t place = longest_silent();
    ssrcs_[place] = ssrc;
    streams_[place] = Stream{};
    return place;
}

void HeardStreams::add(uint32_t ssrc, uint64_t index) {
    Stream& stream = streams_[place_for(ssrc)];
    stream.window.add(index);
    stream.last = ++packets_;
}

}  // namespace parley::srtp
