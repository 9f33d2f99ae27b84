#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/deadline_queue.h"
#include "common/base/result.h"
#include "common/shell/http.h"
#include "common/shell/tcp_listener.h"
#include "common/shell/tls_identity.h"
#include "common/shell/web_context.h"

struct lws;
struct lws_vhost;

namespace parley::shell {

struct WebConnection;
struct WebBinding;

// What one client may cost, in memory and in time. A connection that takes longer is cut.
struct WebLimits {
    size_t connections = 10'000;       // of all listen addresses
    size_t body_bytes = 64 * 1024;     // of a request; more is answered with 413
    size_t message_bytes = 64 * 1024;  // of a WebSocket message; more is closed with 4413
    size_t queue_bytes = 1024 * 1024;  // unsent to one WebSocket; more is closed with 4429
    base::Duration header_time = 10s;  // from the first byte possible to the end of the headers
    base::Duration body_time = 20s;
    base::Duration answer_time = 30s;  // for the application to answer
    base::Duration write_time = 20s;   // without the client reading anything
    base::Duration idle_time = 15s;    // between two requests
    base::Duration close_time = 3s;    // for a WebSocket to be closed orderly
    base::Duration ping_interval = 5s;
    base::Duration silence = 10s;  // a WebSocket that does not answer pings
};

// Why WebServer itself closes a WebSocket (docs/signalling.md).
constexpr uint16_t kCloseTooLarge = 4413;
constexpr uint16_t kCloseTooSlow = 4429;

// Serves HTTP/1.1 and WebSockets on one or more addresses, over TLS too; one of its kind in a
// context. Everything it says is said from inside a turn of the loop and never from inside a call
// to it. It must not be destroyed by what it calls.
class WebServer {
public:
    using RequestId = uint64_t;     // from 1, never used twice
    using ConnectionId = uint64_t;  // of a WebSocket; the same

    struct Options {
        std::vector<net::Address> listen;
        std::vector<net::Address> listen_tls = {};  // listeners after those; REQUIRES: identity
        std::optional<TlsIdentity> identity = {};   // shown to those who come over TLS
        std::vector<std::string> subprotocols;  // that a WebSocket may agree on, best first
        std::string user_header = {};           // in which a proxy says who asks; "": in none
        WebLimits limits = {};
    };
    struct Events {
        // To be answered with respond(), at once or later.
        std::function<void(RequestId, HttpRequest&&)> on_http;
        // Returns 0 to accept, or the HTTP status to refuse with. Messages may be sent at once.
        std::function<uint16_t(ConnectionId, const ConnectRequest&)> on_connect;
        std::function<void(ConnectionId, std::string_view text)> on_message;
        // Once for every connection that was accepted, whoever ended it.
        std::function<void(ConnectionId)> on_disconnect;
    };

    // The error names the address that would not do. Port 0 takes a free one.
    static base::Result<std::unique_ptr<WebServer>, std::string> start(WebContext& context,
                                                                       Options options,
                                                                       Events events);
    ~WebServer();  // cuts what is open, and calls nothing back
    WebServer(const WebServer&) = delete;

    // False, and nothing, when the client is gone or has its answer.
    bool respond(RequestId id, HttpResponse response);

    // Queues one text message. False, and nothing, when the connection is gone or closing; it is
    // closing from here on if too much waits for it.
    bool send(ConnectionId id, std::string text);

    // From here on this WebSocket has limits of its own: it speaks for many.
    void widen(ConnectionId id, size_t message_bytes, size_t queue_bytes);

    // Closes the WebSocket after what is queued, with a code and a reason of at most 123 bytes.
    void close(ConnectionId id, uint16_t code, std::string_view reason);

    // TLS sessions that begin from here on are shown this; those that are open go on as they are.
    // REQUIRES: it was started with an identity.
    void show(const TlsIdentity& identity);

    // For an orderly end: takes no more connections, and closes the WebSockets that are open.
    // Requests that are being answered still are.
    void stop(uint16_t code, std::string_view reason);

    const net::Address& address(size_t listener) const { return listeners_[listener]->address(); }
    size_t connections() const { return connections_.size(); }

    // For the callback of libwebsockets alone: `reason` is an lws_callback_reasons.
    int on_lws(lws* wsi, int reason, void* in, size_t size);

private:
    WebServer(WebContext& context, Options options, Events events);

    base::Result<base::Unit, std::string> listen();
    bool is_tls(size_t listener) const { return listener >= options_.listen.size(); }
    bool create_vhost();
    void accept(Fd socket, const net::Address& remote, size_t listener);
    WebConnection* find(uint64_t id);
    void remove(uint64_t id);
    void set_deadline(WebConnection& connection, base::Duration from_now);
    void on_deadline(base::Instant now);
    void cut(WebConnection& connection);

    // web_http.cpp
    int on_headers(WebConnection& connection);
    int on_body(WebConnection& connection, std::string_view bytes);
    int on_request(WebConnection& connection);
    int on_http_writable(WebConnection& connection);
    int finish_response(WebConnection& connection);
    void on_writing_deadline(base::Instant now, WebConnection& connection);

    // web_socket.cpp
    int on_upgrade(WebConnection& connection, std::string_view to);
    int on_established(WebConnection& connection);
    int on_received(WebConnection& connection, std::string_view bytes);
    int on_socket_writable(WebConnection& connection);
    void on_socket_deadline(base::Instant now, WebConnection& connection);
    void begin_close(WebConnection& connection, uint16_t code, std::string_view reason);

    WebContext& context_;
    Options options_;
    Events events_;
    lws_vhost* vhost_ = nullptr;     // owned by the context
    WebBinding* binding_ = nullptr;  // owned by the vhost, which outlives this
    uint64_t last_id_ = 0;
    base::FlatMap<uint64_t, std::unique_ptr<WebConnection>> connections_;
    base::FlatMap<RequestId, uint64_t> requests_;  // to the connection each came by
    base::DeadlineQueue<uint64_t> deadlines_;
    Timer timer_;
    std::vector<std::unique_ptr<TcpListener>> listeners_;
};

}  // namespace parley::shell
