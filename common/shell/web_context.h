#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/shell/loop.h"

struct lws_context;

namespace parley::shell {

// libwebsockets on a Loop: what its servers and clients (WebServer, HttpClient) share. They must be
// gone before it, and it before the loop, which lets go of the last of it.
class WebContext {
public:
    // Sets the process's limit of descriptors to what is allowed, at most 65,536. The error says
    // what is missing, most likely the package libwebsockets-evlib-uv.
    static base::Result<std::unique_ptr<WebContext>, std::string> create(Loop& loop);
    ~WebContext();
    WebContext(const WebContext&) = delete;

    Loop& loop() { return loop_; }
    lws_context* lws() { return lws_; }

    // Makes libwebsockets look at its timers again: it does not notice that they were changed from
    // outside of its own callbacks.
    void wake();

private:
    WebContext(Loop& loop, lws_context* lws, std::shared_ptr<lws_context*> alive);

    Loop& loop_;
    lws_context* lws_;
    std::shared_ptr<lws_context*> alive_;  // libwebsockets writes nullptr there in the end
};

}  // namespace parley::shell
