#pragma once

#include <cstddef>
#include <string>

#include "common/base/result.h"
#include "common/shell/fd.h"

namespace parley::shell {

// The whole of a file that is no longer than `most_bytes`. The error names the path.
base::Result<std::string, std::string> read_file(const std::string& path, size_t most_bytes);

// Makes a directory, and those above it, that only this user can look into (mode 0700). One that is
// there already is taken when it is this user's and closed to all others; anything else is an
// error, because in a shared place like /tmp somebody else may have put it there first.
base::Result<base::Unit, std::string> make_private_directory(const std::string& path);

// Opens a file to append to, for this user alone.
base::Result<Fd, std::string> open_to_append(const std::string& path);

// Appends to a file of this user alone, which is made when it is not there.
base::Result<base::Unit, std::string> append_to_file(const std::string& path,
                                                     const std::string& text);

void remove_file(const std::string& path);  // nothing when it is not there

bool is_executable(const std::string& path);

// The directory of the program that runs, without a slash at its end.
std::string program_directory();

}  // namespace parley::shell
