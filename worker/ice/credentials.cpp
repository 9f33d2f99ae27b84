#include "worker/ice/credentials.h"

#include "worker/stun/message.h"

namespace parley::ice {

Credentials make_credentials(base::Random& random) {
    Credentials made;
    made.username_fragment = random.text(8);
    made.password = random.text(32);
    return made;
}

std::optional<std::string_view> local_fragment_of(std::string_view username) {
    const size_t colon = username.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    return username.substr(0, colon);
}

std::optional<std::string_view> local_fragment_of(base::Bytes datagram) {
    const auto username = stun::username_of_request(datagram);
    return username ? local_fragment_of(*username) : std::nullopt;
}

}  // namespace parley::ice
