#include "common/shell/web_api.h"

#include <utility>

namespace parley::shell {

namespace {

const char* name_of(HttpMethod method) {
    switch (method) {
        case HttpMethod::Get: return "GET";
        case HttpMethod::Head: return "HEAD";
        case HttpMethod::Post: return "POST";
        case HttpMethod::Put: return "PUT";
        case HttpMethod::Patch: return "PATCH";
        case HttpMethod::Delete: return "DELETE";
        case HttpMethod::Options: return "OPTIONS";
    }
    return "";
}

}  // namespace

web::Request web_request(HttpRequest&& request) {
    return {.method = name_of(request.method),
            .path = std::move(request.path),
            .query = std::move(request.query),
            .authorization = std::move(request.authorization),
            .content_type = std::move(request.content_type),
            .origin = std::move(request.origin),
            .host = std::move(request.host),
            .remote = std::move(request.remote),
            .forwarded = !request.forwarded_for.empty(),
            .user = std::move(request.user),
            .traceparent = std::move(request.traceparent),
            .secure = request.secure,
            .body = std::move(request.body)};
}

web::Request web_request(const ConnectRequest& request) {
    return {.method = "GET",
            .path = request.path,
            .query = request.query,
            .authorization = request.authorization,
            .origin = request.origin,
            .host = request.host,
            .remote = request.remote,
            .forwarded = !request.forwarded_for.empty(),
            .secure = request.secure};
}

HttpResponse http_response(web::Response&& response) {
    HttpResponse http{.status = response.status,
                      .headers = std::move(response.headers),
                      .body = std::move(response.body)};
    if (!response.content_type.empty()) {
        http.headers.emplace_back("Content-Type", response.content_type);
    }
    http.headers.emplace_back("Cache-Control", "no-store");
    return http;
}

}  // namespace parley::shell
