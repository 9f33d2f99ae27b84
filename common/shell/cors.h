#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/shell/http.h"

namespace parley::shell {

// Which web pages may use an HTTP API from a browser: those of these origins, "*" for any. A page
// of the server's own needs no leave.
struct Cors {
    std::vector<std::string> origins;
};

// Answers the question that a browser asks before a request of another origin's page: an OPTIONS
// with Origin. Nothing for any other request.
std::optional<HttpResponse> answer_preflight(const Cors& cors, const HttpRequest& request);

// Adds to an answer what lets the asking page read it, when it may.
void allow_origin(const Cors& cors, const HttpRequest& request, HttpResponse& response);

}  // namespace parley::shell
