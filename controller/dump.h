#pragma once

#include <string_view>

#include "controller/house.h"

// All that is known of a room, for whoever looks for what is wrong with it: what this controller
// has, and what the workers say of every transport and pipe.
namespace parley::controller {

// Asks the workers; a Dumped follows, at the latest when they had kDumpTime. Of one peer only when
// `peer` is not "". NotFound.
Result<base::Unit> begin_dump(Turn& turn, DumpId dump, std::string_view room,
                              std::string_view peer);

// A worker's answer; a refusal, when it died without one.
void on_dump_answer(Turn& turn, const workers::Pending& pending, const workers::Reply& reply);

// Time is up: what has not been answered is left out.
void on_dump_wait(Turn& turn, DumpId dump);

}  // namespace parley::controller
