#pragma once

#include <string_view>

#include "controller/house.h"

// What arrives on a signalling connection.
namespace parley::controller {

// One message of a client. Stale connections are passed over; what is no message is logged, and
// counts against the client's rate.
void on_text(Turn& turn, ConnectionId connection, std::string_view text);

// The same while it is not known yet which rooms there are: messages wait with their client.
void hold_text(Turn& turn, ConnectionId connection, std::string_view text);

}  // namespace parley::controller
