#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// HTTP as a program's API sees it, whichever library speaks it.
namespace parley::web {

// In the order of the URL, percent-decoded.
using Query = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method;
    std::string path;  // without the query; percent-encoding is taken out of it here
    Query query = {};
    std::string authorization = {};
    std::string content_type = {};
    std::string origin = {};
    std::string host = {};         // as the client named us, port included
    std::string remote = {};       // IP address
    bool forwarded = false;        // a proxy says that it speaks for somebody else
    std::string user = {};         // who asks, as a proxy says, or whoever pretends to be one
    std::string traceparent = {};  // common/cluster/trace.h says what it is
    bool secure = false;           // it came over TLS, as far as here
    std::string body = {};
};

struct Response {
    uint16_t status = 200;
    std::string content_type = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
};

// The first parameter of that name.
std::optional<std::string_view> find(const Query& query, std::string_view name);

// "/v1/rooms/a%3Ab" -> {"v1", "rooms", "a:b"}. nullopt when the encoding is broken.
std::optional<std::vector<std::string>> segments(std::string_view path);

Response json_response(uint16_t status, std::string body);

// {"error": {"code": ..., "reason": ...}}
Response error_response(uint16_t status, std::string_view reason);

}  // namespace parley::web
