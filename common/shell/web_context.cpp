#include "common/shell/web_context.h"

#include <libwebsockets.h>
#include <sys/resource.h>

#include <algorithm>

namespace parley::shell {

namespace {

// Headers of one request, all together; a token in a URL may be long.
constexpr unsigned kHeaderBytes = 16 * 1024;

// How much libwebsockets reads from a socket at a time.
constexpr unsigned kReadBytes = 16 * 1024;

// Descriptors of the process: libwebsockets has a table with room for as many as there may be, and
// the system's limit may be a thousand million, or a thousand.
constexpr rlim_t kDescriptors = 65'536;

// Its own timeouts, in seconds: a second line only, ours are shorter.
constexpr unsigned kTimeout = 60;

void limit_descriptors() {
    rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = std::min(limit.rlim_max, kDescriptors);
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

base::Result<std::unique_ptr<WebContext>, std::string> WebContext::create(Loop& loop) {
    limit_descriptors();
    lws_set_log_level(0, nullptr);  // malformed bytes are normal traffic; the rest comes back here
    auto alive = std::make_shared<lws_context*>(nullptr);
    void* loops[] = {loop.uv()};
    lws_context_creation_info info{};
    info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME |
                   LWS_SERVER_OPTION_VALIDATE_UTF8;
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.foreign_loops = loops;
    info.pcontext = alive.get();
    info.max_http_header_data2 = kHeaderBytes;
    info.pt_serv_buf_size = kReadBytes;
    info.timeout_secs = kTimeout;
    info.gid = info.uid = -1;
    lws_context* const lws = lws_create_context(&info);
    if (lws == nullptr) {
        return base::Err{std::string(
            "libwebsockets does not start; is libwebsockets-evlib-uv installed?")};
    }
    *alive = lws;
    return std::unique_ptr<WebContext>(new WebContext(loop, lws, std::move(alive)));
}

WebContext::WebContext(Loop& loop, lws_context* lws, std::shared_ptr<lws_context*> alive)
    : loop_(loop), lws_(lws), alive_(std::move(alive)) {}

WebContext::~WebContext() {
    lws_context_destroy(lws_);  // asks its handles to close; the turns that follow close them
    loop_.finally([alive = alive_] {
        if (*alive != nullptr) lws_context_destroy(*alive);  // now frees the rest
    });
}

void WebContext::wake() {
    lws_cancel_service(lws_);
}

}  // namespace parley::shell
