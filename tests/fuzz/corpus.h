#pragma once

#include <cstdint>
#include <string>

namespace parley::fuzz {

// Writes what a rehearsal of this seed sends into directory/<target>/, one file a message, for the
// fuzzers of the parsers. False, after saying why, when that is not possible.
bool write_corpus(const std::string& directory, uint64_t seed);

}  // namespace parley::fuzz
