#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/random.h"

namespace parley::fuzz {

using Message = std::vector<uint8_t>;

// The message with one to four things wrong with it: bits flipped, bytes and lengths set to what
// hurts, cut off, drawn out, a part twice or missing, or the rest of `other` in place of its own.
Message mutated(base::Random& random, Message message, const Message& other);

// The same for a FlatBuffer: often an offset leads to where another one does, so that a table or a
// vector is found twice, or in place of another. Nothing but the bytes is known of it.
Message mutated_frame(base::Random& random, Message frame, const Message& other);

// The same for text: often a value of a JSON text is another one, of the wrong type, too deep, too
// large, twice, or not text at all.
std::string mutated_text(base::Random& random, const std::string& text, const std::string& other);

}  // namespace parley::fuzz
