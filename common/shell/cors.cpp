#include "common/shell/cors.h"

#include <algorithm>

namespace parley::shell {

namespace {

bool allows(const Cors& cors, const std::string& origin) {
    return !origin.empty() &&
           std::any_of(cors.origins.begin(), cors.origins.end(),
                       [&](const std::string& one) { return one == "*" || one == origin; });
}

}  // namespace

std::optional<HttpResponse> answer_preflight(const Cors& cors, const HttpRequest& request) {
    if (request.method != HttpMethod::Options || request.origin.empty()) return std::nullopt;
    HttpResponse response{204};
    if (!allows(cors, request.origin)) return response;  // without leave: the browser stops here
    allow_origin(cors, request, response);
    response.headers.emplace_back("access-control-allow-methods",
                                  "GET, HEAD, POST, PUT, PATCH, DELETE");
    if (!request.request_headers.empty()) {
        response.headers.emplace_back("access-control-allow-headers", request.request_headers);
    }
    response.headers.emplace_back("access-control-max-age", "600");
    return response;
}

void allow_origin(const Cors& cors, const HttpRequest& request, HttpResponse& response) {
    if (cors.origins.empty()) return;
    response.headers.emplace_back("vary", "Origin");  // a cache must not mix up the two answers
    if (!allows(cors, request.origin)) return;
    response.headers.emplace_back("access-control-allow-origin", request.origin);
}

}  // namespace parley::shell
