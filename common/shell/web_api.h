#pragma once

#include "common/shell/http.h"
#include "common/web/http.h"

// Between the web server and the APIs that it serves, which know nothing of it.
namespace parley::shell {

web::Request web_request(HttpRequest&& request);
web::Request web_request(const ConnectRequest& request);

// What an API says is of this moment: it is never to be stored.
HttpResponse http_response(web::Response&& response);

}  // namespace parley::shell
