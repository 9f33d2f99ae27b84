#pragma once

#include <string>
#include <vector>

namespace parley::shell {

// The IP addresses of this machine, each once, loopback first; without IPv6 link-local ones, which
// mean nothing without the name of an interface.
std::vector<std::string> local_addresses();

// Processors this process may run on, at least 1.
unsigned processors();

}  // namespace parley::shell
