#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::shell {

enum class HttpMethod : uint8_t { Get, Head, Post, Put, Patch, Delete, Options };

// One header. In a response names may have any case; they are sent in lower case.
using HttpHeader = std::pair<std::string, std::string>;

// The query of a URL, decoded: names and values in their order. A name may come twice.
using HttpQuery = std::vector<std::pair<std::string, std::string>>;

// The first value of `name`; nothing when it is not there, "" when it is there without a value.
inline std::optional<std::string_view> find_query(const HttpQuery& query, std::string_view name) {
    for (const auto& [key, value] : query) {
        if (key == name) return value;
    }
    return std::nullopt;
}

// "a" is {"a", ""}, "a=b=c" is {"a", "b=c"}.
inline std::pair<std::string, std::string> split_query(std::string_view argument) {
    const size_t equals = argument.find('=');
    if (equals == std::string_view::npos) return {std::string(argument), ""};
    return {std::string(argument.substr(0, equals)), std::string(argument.substr(equals + 1))};
}

// What a client asked for. Text comes as it was sent, "" where there was none, and may hold any
// byte but NUL: none of it has been believed yet.
struct HttpRequest {
    HttpMethod method = HttpMethod::Get;
    std::string path;  // decoded, from "/" on, "." and ".." resolved
    HttpQuery query;
    std::string authorization;
    std::string content_type;
    std::string origin;
    std::string if_none_match;
    std::string forwarded_for;    // X-Forwarded-For: to be believed only from one's own proxy
    std::string host;             // as the client named us, with a port unless it is the usual one
    std::string request_headers;  // Access-Control-Request-Headers
    std::string traceparent;      // W3C Trace Context
    std::string user;             // of the header that WebServer's options name, "" for none
    std::string body;
    std::string remote;   // IP address of the other end of the connection
    size_t listener = 0;  // index of the listen address it came in by
    bool secure = false;  // over TLS, as far as here
};

struct HttpResponse {
    uint16_t status = 200;
    std::vector<HttpHeader> headers = {};  // Content-Length and Connection are added
    std::string body = {};                 // not sent to HEAD, but counted
};

// Somebody who wants a WebSocket.
struct ConnectRequest {
    std::string path;
    HttpQuery query;
    std::string protocol;  // the subprotocol that was agreed on, "" for none
    std::string origin;
    std::string authorization;
    std::string forwarded_for;
    std::string host;
    std::string remote;
    size_t listener = 0;
    bool secure = false;
};

}  // namespace parley::shell
