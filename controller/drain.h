#pragma once

#include <optional>

#include "common/base/time.h"
#include "common/cluster/messages.h"

namespace parley::controller {

using base::Instant;

// Whether this server takes rooms; and if not, until when it keeps those that it has. An operator,
// the end of a pod and SIGTERM all ask for the same. It can be undone until the process ends.
class Drain {
public:
    // Without a deadline the rooms may take their time. `for_good`: the process ends after it, so
    // nobody should count on this server any more.
    void begin(Instant now, std::optional<base::Duration> deadline, bool for_good);
    void undo();

    // Says how many rooms are left. True, once, when the deadline has come: they are to be given
    // up now.
    bool on_rooms(Instant now, size_t rooms);

    cluster::ServerState state() const { return state_; }
    bool is_on() const { return state_ != cluster::ServerState::Up; }
    bool for_good() const { return for_good_; }
    // Never without one, and when it was reached.
    Instant deadline() const { return deadline_; }
    std::optional<base::Duration> left(Instant now) const;

private:
    cluster::ServerState state_ = cluster::ServerState::Up;
    Instant deadline_ = Instant::never();
    bool for_good_ = false;
};

}  // namespace parley::controller
