#pragma once

#include <string_view>

#include "controller/house.h"

// How peers come, are known to each other, and go.
namespace parley::controller {

enum class Leaving : uint8_t {
    Left,          // it said so
    Disconnected,  // and is not numbered: there is nothing to wait for
    Lost,          // its grace time has passed
    Replaced,      // the same peer came again
    Kicked,
    TransportsLost,  // and cannot be told otherwise
    NoCapacity,      // in the worker that it was to be in
};

// A client that wants in: joins the room's peers, resumes, or is closed with a code.
void admit(Turn& turn, ConnectionId connection, const Admission& admission);

// The connection is gone; the peer may come back in its grace time.
void on_connection_lost(Turn& turn, Member& member, std::string_view why = "by the client");
// The same, but it is us who end the connection.
void drop_connection(Turn& turn, Member& member, uint16_t code, std::string_view reason);

// The peer with all its media goes, and everybody hears of it. It is gone on return. `detail` is
// told to a kicked client.
void remove_member(Turn& turn, Member& member, Leaving why, std::string_view detail = {});
// The same without telling the others, who go too.
void remove_member_of_closing_room(Turn& turn, Member& member, uint16_t code,
                                   std::string_view reason);

void on_grace_over(Turn& turn, base::Handle<Member> member);

// {"id", "displayName", "device"}; and `audio`, of audio_of(), for listeners with slots.
std::string write_peer(const rooms::Peer& peer, std::string_view audio = {});
// [{...}] of all that have joined but this one.
std::string write_other_peers(const House& house, const Room& room, const Member& self);

// Has the worker keep what has changed of a peer, for the next controller.
void keep_app_data(Turn& turn, const Member& member);

}  // namespace parley::controller
