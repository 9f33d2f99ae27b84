#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::shell {

struct AmqpUrl {
    bool tls = false;
    std::string user, password;  // both "": the certificate says who we are
    std::string host;
    uint16_t port = 5672;
    std::string vhost = "/";
};

// amqp://USER:PASSWORD@HOST:PORT/VHOST, all but the host optional, percent-encoded as in RabbitMQ's
// URI specification. A user without a password has none.
std::optional<AmqpUrl> parse_amqp_url(std::string_view text);

}  // namespace parley::shell
