#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::shell {

// An absolute http: or https: URL in the parts that a client needs. RFC 3986 §3, RFC 9110 §4.2.
struct HttpUrl {
    bool tls = false;
    std::string host;    // a name, or an IP address without brackets
    uint16_t port = 80;  // 443 with tls, unless it says otherwise
    std::string target;  // path and query, "/" when there is none

    // For the Host header: without a port that goes without saying.
    std::string authority() const;
};

// Nothing when it is another kind of URL, holds a user or a fragment, or characters that would not
// survive in a request line.
std::optional<HttpUrl> parse_http_url(std::string_view text);

}  // namespace parley::shell
