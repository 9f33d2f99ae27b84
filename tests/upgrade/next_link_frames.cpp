// The links of the next version: they know a version more, and say a member more in each frame.

#include "controller/cluster/link_frames.h"
#include "tests/upgrade/later.h"

#define write_link_frame write_link_frame_of_today
#include "controller/cluster/link_frames.cpp"
#undef write_link_frame

namespace parley::controller::clustering {

std::string write_link_frame(const LinkFrame& frame) {
    if (const auto* hello = std::get_if<LinkHello>(&frame)) {
        LinkHello later = *hello;
        later.version = kLinkVersion + 1;
        return test::with_later(write_link_frame_of_today(later));
    }
    return test::with_later(write_link_frame_of_today(frame));
}

}  // namespace parley::controller::clustering
