#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/deadline_queue.h"
#include "common/base/flat_map.h"
#include "common/shell/name_lookup.h"
#include "common/shell/web_context.h"

struct lws;
struct lws_vhost;

namespace parley::shell {

struct WebLink;
struct WebClientBinding;

// WebSockets to servers, over ws:// alone, of one subprotocol: what servers of one network say to
// each other. Names are looked up on
// libuv's threads, never on this one. Everything it says is said from inside a turn of the loop and
// never from inside a call to it. It must not be destroyed by what it calls.
class WebClient {
public:
    using ConnectionId = uint64_t;  // chosen by the caller, never used twice

    struct Limits {
        size_t message_bytes = 64 * 1024;  // of a message that comes; more ends the connection
        size_t queue_bytes = 1024 * 1024;  // unsent; more ends it
        base::Duration open_time = 5s;     // from the look-up to the end of the handshake
        base::Duration close_time = 1s;    // to be closed orderly
    };
    struct Options {
        std::string subprotocol;  // wanted of the server
        Limits limits = {};
    };
    struct Events {
        std::function<void(ConnectionId)> on_open;
        std::function<void(ConnectionId, std::string_view text)> on_message;
        // Once for every connection that close() was not called for, whether it was open or not.
        std::function<void(ConnectionId, const std::string& reason)> on_closed;
    };

    static base::Result<std::unique_ptr<WebClient>, std::string> create(WebContext& context,
                                                                        Options options,
                                                                        Events events);
    ~WebClient();  // cuts what is open, and calls nothing back
    WebClient(const WebClient&) = delete;

    void connect(ConnectionId id, const std::string& url);

    // Queues one text message. False, and nothing, when the connection is not open; it ends if too
    // much waits for it.
    bool send(ConnectionId id, std::string text);

    // After what is queued. Nothing more is heard of it.
    void close(ConnectionId id, uint16_t code, std::string_view reason);

    size_t connections() const { return links_.size(); }

    // For the callback of libwebsockets alone: `reason` is an lws_callback_reasons.
    int on_lws(lws* wsi, int reason, void* in, size_t size);

private:
    WebClient(WebContext& context, Options options, Events events);

    bool create_vhost();
    WebLink* find(ConnectionId id);
    void on_addresses(ConnectionId id, std::vector<net::Address> addresses, const char* error);
    void connect_next(WebLink& link);
    int on_received(WebLink& link, std::string_view bytes);
    void on_close_frame(WebLink& link, std::string_view body);
    int on_writable(WebLink& link);
    void on_gone(WebLink& link, std::string_view why);
    void end_soon(WebLink& link, std::string why);
    void set_deadline(WebLink& link, base::Duration from_now);
    void on_deadline(base::Instant now);

    WebContext& context_;
    Options options_;
    Events events_;
    lws_vhost* vhost_ = nullptr;           // owned by the context
    WebClientBinding* binding_ = nullptr;  // owned by the vhost, which outlives this
    base::FlatMap<ConnectionId, std::unique_ptr<WebLink>> links_;
    base::DeadlineQueue<ConnectionId> deadlines_;
    NameLookup lookup_;
    Timer timer_;
};

}  // namespace parley::shell
