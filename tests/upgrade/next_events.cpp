// The events of the next version, with a member that this one does not know.

#include "common/cluster/wire.h"
#include "tests/upgrade/later.h"

#define write write_today
#include "common/cluster/codec_events.cpp"
#undef write

namespace parley::cluster {

std::string write(const Event& one) {
    return test::with_later(write_today(one));
}

}  // namespace parley::cluster
