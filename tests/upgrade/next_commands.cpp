// The commands of the next version, with a member that this one does not know: those between
// services. What a service asks as an app does is as strictly read as an app's.

#include "common/cluster/wire.h"
#include "tests/upgrade/later.h"

#define write write_today
#include "common/cluster/codec_commands.cpp"
#undef write

namespace parley::cluster {

std::string write(const Command& one) {
    const std::string text = write_today(one);
    return one.index() < kAppCommands ? text : test::with_later(text);
}

}  // namespace parley::cluster
