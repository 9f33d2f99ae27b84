#include "common/shell/cors.h"

#include <doctest/doctest.h>

using namespace parley::shell;

namespace {

HttpRequest request(HttpMethod method, const std::string& origin) {
    HttpRequest asked;
    asked.method = method;
    asked.origin = origin;
    asked.request_headers = "authorization, content-type";
    return asked;
}

std::string header(const HttpResponse& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
        if (key == name) return value;
    }
    return "none";
}

const Cors kSome{{"https://app.example", "https://other.example"}};

}  // namespace

TEST_CASE("a page of an origin that may is let through, with the headers it asked for") {
    const auto asked = request(HttpMethod::Options, "https://app.example");
    const auto answer = answer_preflight(kSome, asked);
    REQUIRE(answer);
    CHECK(answer->status == 204);
    CHECK(header(*answer, "access-control-allow-origin") == "https://app.example");
    CHECK(header(*answer, "access-control-allow-headers") == "authorization, content-type");
    CHECK(header(*answer, "access-control-allow-methods").find("DELETE") != std::string::npos);

    HttpResponse response;
    allow_origin(kSome, request(HttpMethod::Get, "https://other.example"), response);
    CHECK(header(response, "access-control-allow-origin") == "https://other.example");
    CHECK(header(response, "vary") == "Origin");
}

TEST_CASE("a page of any other origin is not") {
    for (const char* origin :
         {"https://evil.example", "null", "https://app.example.evil", "http://app.example"}) {
        CAPTURE(origin);
        const auto answer = answer_preflight(kSome, request(HttpMethod::Options, origin));
        REQUIRE(answer);
        CHECK(header(*answer, "access-control-allow-origin") == "none");
        HttpResponse response;
        allow_origin(kSome, request(HttpMethod::Get, origin), response);
        CHECK(header(response, "access-control-allow-origin") == "none");
    }
    HttpResponse response;
    allow_origin({}, request(HttpMethod::Get, "https://app.example"), response);
    CHECK(response.headers.empty());
}

TEST_CASE("a star lets every page in, and what is no preflight is left alone") {
    const Cors any{{"*"}};
    const auto answer = answer_preflight(any, request(HttpMethod::Options, "https://x.example"));
    REQUIRE(answer);
    CHECK(header(*answer, "access-control-allow-origin") == "https://x.example");
    CHECK_FALSE(answer_preflight(any, request(HttpMethod::Get, "https://x.example")));
    CHECK_FALSE(answer_preflight(any, request(HttpMethod::Options, "")));
}
