#pragma once

#include <vector>

#include "controller/house.h"

namespace parley::controller {

// Those whom peer.find asks for: the peers of a room, or of all of them, whose id is `peer` or
// whose name contains it, in whatever case its ASCII letters are. In the order of their rooms and
// ids, at most `limit`; `server` is left out.
std::vector<cluster::PeerPlace> find_peers(const House& house, const cluster::PeerFind& wanted);

}  // namespace parley::controller
