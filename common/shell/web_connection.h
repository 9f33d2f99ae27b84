#pragma once

#include <libwebsockets.h>

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "common/shell/http.h"
#include "common/shell/web_server.h"

namespace parley::shell {

// One TCP connection to a WebServer: a sequence of HTTP requests, or a WebSocket.
struct WebConnection {
    enum class Phase : uint8_t {
        Headers,    // a request may begin, or has begun
        Body,       // of that request is arriving
        Answering,  // by the application
        Writing,    // the answer
        Lingering,  // answered; the rest of a body we do not want is read and forgotten
        Upgrading,  // accepted as a WebSocket, not yet told so
        Socket,
        Closing,  // the close frame is on its way
    };

    uint64_t id = 0;
    lws* wsi = nullptr;
    size_t listener = 0;
    bool secure = false;  // it came over TLS
    std::string remote;
    Phase phase = Phase::Headers;
    bool cut = false;  // it will be gone soon

    // The request that is being heard or answered.
    WebServer::RequestId request_id = 0;
    HttpRequest request;
    bool expects_body = false;
    bool head_only = false;    // HEAD: no body in the answer
    bool close_after = false;  // the answer
    HttpResponse response;
    bool head_written = false;
    size_t body_written = 0;
    base::Instant write_limit;  // unless something is written before
    int early_reads = 0;        // before the answer had left

    // As a WebSocket.
    std::string message;                             // the fragments so far
    size_t message_bytes = 0, queue_bytes_most = 0;  // its limits
    std::deque<std::string> queue;
    size_t queue_bytes = 0;
    base::Instant heard;
    bool ping_due = false;
    uint16_t close_code = 0;
    std::string close_reason;
    bool close_written = false;

    bool is_socket() const { return phase >= Phase::Upgrading; }
};

// What a vhost of libwebsockets knows us by. It outlives the server by the turns that it takes to
// close everything.
struct WebBinding {
    WebServer* server;
    std::vector<std::string> subprotocols;  // whose names libwebsockets goes on reading
    SSL_CTX* tls = nullptr;                 // of the vhost, which owns it
};

// Writes the status and headers of an answer, with `body_bytes` as its length. False when they do
// not fit or can not be sent.
bool write_head(lws* wsi, const HttpResponse& response, size_t body_bytes, bool close, bool last);

// A header of the request that is being read, "" when it has none.
std::string header_of(lws* wsi, lws_token_indexes token);
std::string path_of(lws* wsi);
HttpQuery query_of(lws* wsi);

}  // namespace parley::shell
