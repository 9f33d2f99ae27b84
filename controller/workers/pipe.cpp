#include "controller/workers/pipe.h"

namespace parley::controller::workers {

namespace {

bool is_ipv6(std::string_view ip) {
    return ip.find(':') != std::string_view::npos;
}

// An address at which this machine reaches itself.
std::string local_address(const Listen& listen) {
    if (listen.ip == "0.0.0.0") return "127.0.0.1";
    if (listen.ip == "::") return "::1";
    return listen.ip;
}

}  // namespace

std::optional<ConnectPipe> connect_ends(uint64_t pipe, const PipeCreated& self,
                                        const PipeCreated& other) {
    std::optional<ConnectPipe> found;
    for (size_t i = 0; i < self.listens.size() && i <= 0xff; ++i) {
        for (const Listen& there : other.listens) {
            const bool same = there.ip == self.listens[i].ip;
            if (!same && (found || is_ipv6(there.ip) != is_ipv6(self.listens[i].ip))) continue;
            found = ConnectPipe{
                pipe,       static_cast<uint8_t>(i), local_address(there), there.port, other.key,
                other.salt, other.version,           other.capabilities};
            if (same) return found;  // both are on this one interface
        }
    }
    return found;
}

}  // namespace parley::controller::workers
