#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/deadline_queue.h"
#include "common/shell/byte_stream.h"
#include "common/shell/http.h"
#include "common/shell/http_url.h"
#include "common/shell/loop.h"
#include "common/shell/name_lookup.h"
#include "worker/net/address.h"

namespace parley::shell {

struct HttpCall;

// A request to somebody else's server, of which only the status of the answer is of interest: a
// webhook, or a small change of what another service keeps.
struct HttpPost {
    std::string url;
    std::vector<HttpHeader> headers;  // Host, Content-Length and Connection are added
    std::string body;
    base::Duration timeout = 10s;  // for all of it
    const char* method = "POST";   // or another that has a body
};

// What came of it: the status of the answer, or 0 and why there is none.
struct HttpOutcome {
    uint16_t status = 0;
    std::string error;
};

// Sends POST requests, each over a connection of its own. Names are looked up on libuv's threads,
// never on this one. Redirects are not followed: a status like any other.
//
// It stands on sockets and OpenSSL directly: libwebsockets' client looks names up on the thread of
// its loop, and would hold all signalling up while a name server is silent.
class HttpClient {
public:
    using OnDone = std::function<void(const HttpOutcome&)>;

    // Believes the certificates that the system believes, or those of `ca_file` instead.
    explicit HttpClient(Loop& loop, std::string ca_file = "");
    ~HttpClient();  // calls nothing back
    HttpClient(const HttpClient&) = delete;

    // Calls back once, in a turn to come.
    void post(HttpPost post, OnDone on_done);

    size_t pending() const { return calls_.size(); }

private:
    HttpCall* find(uint64_t id);
    void look_up(HttpCall& call);
    void on_addresses(uint64_t id, std::vector<net::Address> addresses, const char* error);
    void connect_next(HttpCall& call);
    void advance(uint64_t id);
    void fail_address(HttpCall& call, std::string error);
    bool begin_tls(HttpCall& call);
    void on_answer(HttpCall& call);
    void end_soon(HttpCall& call, HttpOutcome outcome);
    void on_deadline(base::Instant now);

    Loop& loop_;
    std::string ca_file_;
    SslContextPtr tls_;  // made when it is needed first
    uint64_t last_id_ = 0;
    base::FlatMap<uint64_t, std::unique_ptr<HttpCall>> calls_;
    base::DeadlineQueue<uint64_t> deadlines_;
    NameLookup lookup_;
    Timer timer_;
};

}  // namespace parley::shell
