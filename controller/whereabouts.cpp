#include "controller/whereabouts.h"

#include <algorithm>

namespace parley::controller {

namespace {

char small(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool contains(std::string_view text, std::string_view part) {
    return part.empty() || !std::ranges::search(text, part, {}, small, small).empty();
}

cluster::PeerPlace place_of(const House& house, const Room& room, const Member& member) {
    cluster::PeerPlace place{.room = room.id,
                             .peer = member.id,
                             .name = member.display_name,
                             .server = {},
                             .worker = {},
                             .lender = {},
                             .joined = member.joined,
                             .connected = member.session.connection().has_value(),
                             .since = member.since};
    if (!member.worker) return place;
    if (house.is_lent(*member.worker)) {
        place.lender = house.workers[*member.worker].lender();
    } else {
        place.worker = *member.worker;
    }
    return place;
}

void find_in(const House& house, const Room& room, const cluster::PeerFind& wanted,
             std::vector<cluster::PeerPlace>& found) {
    for (const auto& [id, handle] : room.peers) {
        if (found.size() >= wanted.limit) return;
        const Member& member = *house.members.find(handle);
        if (id == wanted.peer || contains(member.display_name, wanted.peer)) {
            found.push_back(place_of(house, room, member));
        }
    }
}

}  // namespace

std::vector<cluster::PeerPlace> find_peers(const House& house, const cluster::PeerFind& wanted) {
    std::vector<cluster::PeerPlace> found;
    for (const auto& [id, handle] : house.room_by_id) {
        if (!wanted.room.empty() && id != wanted.room) continue;
        find_in(house, *house.rooms.find(handle), wanted, found);
    }
    return found;
}

}  // namespace parley::controller
