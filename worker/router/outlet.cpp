#include "worker/router/outlet.h"

#include <algorithm>

namespace parley::router {

void Outlet::send_plain(base::Bytes datagram, net::Outbox& out) {
    const auto room = out.next();
    ENSURE(has_path_ && datagram.size() <= room.size());
    std::copy(datagram.begin(), datagram.end(), room.begin());
    commit(datagram.size(), out);
}

}  // namespace parley::router
