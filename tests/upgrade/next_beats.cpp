// The beats of the next version, with a member that this one does not know.

#include "common/cluster/wire.h"
#include "tests/upgrade/later.h"

#define write write_today
#include "common/cluster/codec_beats.cpp"
#undef write

namespace parley::cluster {

std::string write(const Beat& one) {
    return test::with_later(write_today(one));
}

void write(JsonWriter& json, const ServerPlace& server) {
    write_today(json, server);
}

}  // namespace parley::cluster
