#include "common/shell/static_files.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/shell/temporary_directory.h"

using namespace parley::shell;

namespace {

struct Site {
    Site() {
        directory.write("web/index.html", "<h1>Parley</h1>");
        directory.write("web/room/index.html", "<h1>Room</h1>");
        directory.write("web/main.js", "console.log(1)");
        directory.write("web/assets/main-3F7Q2ZKD.js", "console.log(2)");
        directory.write("web/.secret", "hidden");
        directory.write("web/.git/config", "hidden");
        directory.write("outside.txt", "outside");
    }

    HttpResponse get(const std::string& path, HttpMethod method = HttpMethod::Get,
                     const std::string& if_none_match = "") const {
        HttpRequest request;
        request.method = method;
        request.path = path;
        request.if_none_match = if_none_match;
        return files.answer(request);
    }

    TemporaryDirectory directory;
    StaticFiles files{directory.path("web")};
};

std::string header(const HttpResponse& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
        if (key == name) return value;
    }
    return "";
}

}  // namespace

TEST_CASE("a file is served with its type") {
    const Site site;
    const HttpResponse page = site.get("/main.js");
    CHECK(page.status == 200);
    CHECK(page.body == "console.log(1)");
    CHECK(header(page, "content-type") == "text/javascript; charset=utf-8");
    CHECK(header(page, "x-content-type-options") == "nosniff");
    CHECK(header(page, "access-control-allow-origin") == "*");
    CHECK(content_type_of("/a/b.c/voice.WAV") == "application/octet-stream");
    CHECK(content_type_of("x.svg") == "image/svg+xml");
    CHECK(content_type_of("README") == "application/octet-stream");
}

TEST_CASE("a directory is its index, and so is a page that the application names itself") {
    const Site site;
    CHECK(site.get("/").body == "<h1>Parley</h1>");
    CHECK(site.get("/room").body == "<h1>Room</h1>");
    CHECK(site.get("/room/").body == "<h1>Room</h1>");
    CHECK(site.get("/r/standup").body == "<h1>Parley</h1>");
    CHECK(header(site.get("/r/standup"), "content-type") == "text/html; charset=utf-8");
    CHECK(site.get("/missing.js").status == 404);
}

TEST_CASE("nothing outside and nothing hidden is ever read") {
    const Site site;
    std::filesystem::create_symlink(site.directory.path("outside.txt"),
                                    site.directory.path("web/link.txt"));
    std::filesystem::create_symlink(site.directory.path(""), site.directory.path("web/up"));
    for (const std::string path :
         {"/../outside.txt", "/room/../../outside.txt", "/.secret", "/.git/config", "/link.txt",
          "/up/outside.txt", "..", "", "outside.txt", "/..\\outside.txt", "//../outside.txt"}) {
        CAPTURE(path);
        CHECK(site.get(path).status == 404);
    }
    CHECK(site.get(std::string("/main.js\0.html", 14)).status == 404);
    CHECK(site.get("/" + std::string(10'000, 'a') + ".js").status == 404);
    CHECK(StaticFiles("/no/such/directory").answer(HttpRequest{}).status == 404);
}

TEST_CASE("what a client has already is not sent again, until it changes") {
    const Site site;
    const HttpResponse first = site.get("/main.js");
    CHECK(header(first, "cache-control") == "no-cache");
    const std::string tag = header(first, "etag");
    const HttpResponse again = site.get("/main.js", HttpMethod::Get, "W/\"x\", " + tag);
    CHECK(again.status == 304);
    CHECK(again.body.empty());
    CHECK(header(again, "etag") == tag);
    site.directory.write("web/main.js", "console.log(\"changed\")");
    CHECK(site.get("/main.js", HttpMethod::Get, tag).status == 200);
    CHECK(header(site.get("/assets/main-3F7Q2ZKD.js"), "cache-control") ==
          "public, max-age=31536000, immutable");
}

TEST_CASE("files are only read") {
    const Site site;
    CHECK(site.get("/main.js", HttpMethod::Head).status == 200);
    for (const auto method : {HttpMethod::Post, HttpMethod::Put, HttpMethod::Delete}) {
        const HttpResponse refused = site.get("/main.js", method);
        CHECK(refused.status == 405);
        CHECK(header(refused, "allow") == "GET, HEAD");
    }
}
