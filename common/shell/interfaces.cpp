#include "common/shell/interfaces.h"

#include <sched.h>
#include <uv.h>

#include <algorithm>

namespace parley::shell {

std::vector<std::string> local_addresses() {
    uv_interface_address_t* found = nullptr;
    int count = 0;
    std::vector<std::string> addresses;
    if (uv_interface_addresses(&found, &count) != 0) return addresses;
    for (const bool loopback : {true, false}) {
        for (int i = 0; i < count; ++i) {
            if ((found[i].is_internal != 0) != loopback) continue;
            char text[64] = "";
            const bool four = found[i].address.address4.sin_family == AF_INET;
            if (four) {
                uv_ip4_name(&found[i].address.address4, text, sizeof text);
            } else {
                const sockaddr_in6& six = found[i].address.address6;
                if (IN6_IS_ADDR_LINKLOCAL(&six.sin6_addr)) continue;
                uv_ip6_name(&six, text, sizeof text);
            }
            const bool known =
                std::find(addresses.begin(), addresses.end(), text) != addresses.end();
            if (!known) addresses.emplace_back(text);
        }
    }
    uv_free_interface_addresses(found, count);
    return addresses;
}

unsigned processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return std::max(1, CPU_COUNT(&set));
}

}  // namespace parley::shell
