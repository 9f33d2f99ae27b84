#include "common/shell/web_client.h"

#include <libwebsockets.h>

#include <deque>
#include <optional>
#include <vector>

#include "common/shell/http_url.h"

namespace parley::shell {

// One WebSocket, from the first look-up on.
struct WebLink {
    enum class Phase : uint8_t { Opening, Open, Closing, Ended };

    WebClient::ConnectionId id = 0;
    Phase phase = Phase::Opening;
    HttpUrl url;
    std::vector<net::Address> addresses = {};  // still to be tried, the first last
    lws* wsi = nullptr;                        // nullptr while there is none
    std::string message = {};                  // the fragments so far
    std::deque<std::string> queue = {};
    size_t queue_bytes = 0;
    uint16_t close_code = 0;
    std::string close_reason = {};
    std::string why = {};  // Ended; or of the address that was tried last
    bool silent = false;   // nobody wants to hear of its end
};

// What a vhost of libwebsockets knows us by, and the name that it keeps without a copy. It outlives
// the client by the turns that it takes to close everything.
struct WebClientBinding {
    WebClient* client;
    std::string subprotocol;
};

namespace {

using Phase = WebLink::Phase;

constexpr size_t kWriteBytes = 64 * 1024;
constexpr size_t kReasonBytes = 123;  // RFC 6455 §5.5

// What makes no sense on a connection that is none of ours any more.
bool is_traffic(int reason) {
    return reason == LWS_CALLBACK_CLIENT_ESTABLISHED || reason == LWS_CALLBACK_CLIENT_RECEIVE ||
           reason == LWS_CALLBACK_CLIENT_WRITEABLE;
}

int on_callback(lws* wsi, lws_callback_reasons reason, void*, void* in, size_t size) {
    lws_vhost* const vhost = lws_get_vhost(wsi);
    auto* const binding =
        vhost ? static_cast<WebClientBinding*>(lws_get_vhost_user(vhost)) : nullptr;
    if (binding == nullptr || binding->client == nullptr) return is_traffic(reason) ? -1 : 0;
    return binding->client->on_lws(wsi, reason, in, size);
}

std::optional<HttpUrl> parse_ws_url(const std::string& url) {
    if (!url.starts_with("ws://")) return std::nullopt;
    return parse_http_url("http" + url.substr(2));
}

int write_text(lws* wsi, std::string_view text) {
    std::vector<unsigned char> room(LWS_PRE + text.size());
    std::copy(text.begin(), text.end(), room.begin() + LWS_PRE);
    return lws_write(wsi, room.data() + LWS_PRE, text.size(), LWS_WRITE_TEXT);
}

// A close frame, as WebServer writes it: by hand, so that it has left before the connection goes. A
// client masks what it sends. RFC 6455 §5.3, §5.5.1.
int write_close(lws_context* context, lws* wsi, uint16_t code, std::string_view reason) {
    std::string body{static_cast<char>(code >> 8), static_cast<char>(code)};
    body += reason;
    unsigned char mask[4];
    if (lws_get_random(context, mask, sizeof mask) != sizeof mask) return -1;
    std::vector<unsigned char> room(LWS_PRE);
    room.push_back(0x88);
    room.push_back(static_cast<unsigned char>(0x80 | body.size()));
    room.insert(room.end(), mask, mask + sizeof mask);
    for (size_t i = 0; i < body.size(); ++i) {
        room.push_back(static_cast<unsigned char>(body[i]) ^ mask[i % sizeof mask]);
    }
    return lws_write(wsi, room.data() + LWS_PRE, room.size() - LWS_PRE, LWS_WRITE_RAW);
}

void cut(lws* wsi) {
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

}  // namespace

base::Result<std::unique_ptr<WebClient>, std::string> WebClient::create(WebContext& context,
                                                                        Options options,
                                                                        Events events) {
    std::unique_ptr<WebClient> client(
        new WebClient(context, std::move(options), std::move(events)));
    if (!client->create_vhost()) {
        return base::Err{std::string("libwebsockets has no more room for clients")};
    }
    return client;
}

WebClient::WebClient(WebContext& context, Options options, Events events)
    : context_(context),
      options_(std::move(options)),
      events_(std::move(events)),
      lookup_(context.loop()),
      timer_(context.loop(), [this](base::Instant now) { on_deadline(now); }) {}

WebClient::~WebClient() {
    if (binding_ != nullptr) binding_->client = nullptr;
    links_.for_each([](ConnectionId, auto& link) {
        if (link->wsi != nullptr) cut(link->wsi);
    });
    context_.wake();
}

bool WebClient::create_vhost() {
    binding_ = new WebClientBinding{this, options_.subprotocol};
    lws_protocols protocols[2] = {};
    protocols[0].name = binding_->subprotocol.c_str();
    protocols[0].callback = on_callback;
    protocols[0].rx_buffer_size = kWriteBytes;
    protocols[0].tx_packet_size = kWriteBytes;

    lws_context_creation_info info{};
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.vhost_name = "client";
    info.protocols = protocols;
    info.user = binding_;
    info.http_proxy_address = "";  // whatever the environment says
    info.finalize = [](lws_vhost*, void* binding) {
        delete static_cast<WebClientBinding*>(binding);
    };
    info.finalize_arg = binding_;
    vhost_ = lws_create_vhost(context_.lws(), &info);
    if (vhost_ != nullptr) return true;
    delete std::exchange(binding_, nullptr);
    return false;
}

void WebClient::connect(ConnectionId id, const std::string& url) {
    auto added = std::make_unique<WebLink>();
    WebLink& link = *added;
    link.id = id;
    links_.insert(id, std::move(added));
    const auto parsed = parse_ws_url(url);
    if (!parsed) return end_soon(link, "this is no ws URL: " + url);
    link.url = *parsed;
    set_deadline(link, options_.limits.open_time);
    if (const auto ip = net::parse_ip(link.url.host, link.url.port)) {
        link.addresses = {*ip};
        return connect_next(link);
    }
    const char* const error =
        lookup_.find(link.url.host, [this, id](auto addresses, const char* why) {
            on_addresses(id, std::move(addresses), why);
        });
    if (error != nullptr) end_soon(link, link.url.host + ": " + error);
}

WebLink* WebClient::find(ConnectionId id) {
    auto* const found = links_.find(id);
    return found && (*found)->phase != Phase::Ended ? found->get() : nullptr;
}

void WebClient::on_addresses(ConnectionId id, std::vector<net::Address> addresses,
                             const char* error) {
    WebLink* const link = find(id);
    if (link == nullptr) return;
    if (error != nullptr) return end_soon(*link, link->url.host + ": " + error);
    link->addresses = std::move(addresses);
    for (net::Address& address : link->addresses) address.port = link->url.port;
    link->why = link->url.host + " has no address";
    connect_next(*link);
}

void WebClient::connect_next(WebLink& link) {
    if (link.addresses.empty()) return end_soon(link, link.why);
    const net::Address to = link.addresses.back();
    link.addresses.pop_back();
    const std::string ip = net::ip_text(to);
    const std::string host = link.url.authority();
    lws_client_connect_info info{};
    info.context = context_.lws();
    info.vhost = vhost_;
    info.address = ip.c_str();
    info.port = to.port;
    info.path = link.url.target.c_str();
    info.host = host.c_str();
    info.protocol = options_.subprotocol.c_str();
    info.local_protocol_name = options_.subprotocol.c_str();
    info.opaque_user_data = reinterpret_cast<void*>(link.id);
    link.why = net::to_text(to) + " does not answer";
    lws* const wsi = lws_client_connect_via_info(&info);
    if (link.phase != Phase::Opening) return;  // it failed meanwhile, and on_lws() heard why
    if (wsi == nullptr) return on_gone(link, "");
    link.wsi = wsi;
}

int WebClient::on_lws(lws* wsi, int reason, void* in, size_t size) {
    const auto id = reinterpret_cast<uint64_t>(lws_get_opaque_user_data(wsi));
    WebLink* const link = find(id);
    if (link == nullptr) return is_traffic(reason) ? -1 : 0;
    const std::string_view bytes(static_cast<const char*>(in), in ? size : 0);
    switch (reason) {
        case LWS_CALLBACK_CLIENT_ESTABLISHED:
            link->wsi = wsi;
            link->phase = Phase::Open;
            deadlines_.erase(id);
            events_.on_open(id);
            return 0;
        case LWS_CALLBACK_CLIENT_RECEIVE: return on_received(*link, bytes);
        case LWS_CALLBACK_CLIENT_WRITEABLE: return on_writable(*link);
        case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
            on_gone(*link, bytes.substr(0, bytes.find('\0')));  // some of them end in one
            return 0;
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: on_close_frame(*link, bytes); return 0;
        case LWS_CALLBACK_CLIENT_CLOSED:
        case LWS_CALLBACK_WSI_DESTROY:
            if (link->wsi == wsi) on_gone(*link, "");
            return 0;
        default: return 0;
    }
}

int WebClient::on_received(WebLink& link, std::string_view bytes) {
    if (link.phase != Phase::Open) return 0;
    if (link.message.size() + bytes.size() > options_.limits.message_bytes) {
        end_soon(link, "a message that is too large");
        return -1;
    }
    link.message += bytes;
    lws* const wsi = link.wsi;
    if (lws_remaining_packet_payload(wsi) > 0 || lws_is_final_fragment(wsi) == 0) return 0;
    const std::string message = std::exchange(link.message, {});
    events_.on_message(link.id, message);
    return 0;
}

// {code, reason}, RFC 6455 §5.5.1.
void WebClient::on_close_frame(WebLink& link, std::string_view body) {
    link.why = "closed by the other end";
    if (body.size() < 2) return;
    const auto code =
        static_cast<uint16_t>(static_cast<uint8_t>(body[0]) << 8 | static_cast<uint8_t>(body[1]));
    link.why += ": " + std::to_string(code) + " " + std::string(body.substr(2));
}

bool WebClient::send(ConnectionId id, std::string text) {
    WebLink* const link = find(id);
    if (link == nullptr || link->phase != Phase::Open) return false;
    link->queue_bytes += text.size();
    if (link->queue_bytes > options_.limits.queue_bytes) {
        end_soon(*link, "it reads too slowly");
        return false;
    }
    link->queue.push_back(std::move(text));
    lws_callback_on_writable(link->wsi);
    return true;
}

void WebClient::close(ConnectionId id, uint16_t code, std::string_view reason) {
    WebLink* const link = find(id);
    if (link == nullptr) return;
    link->silent = true;
    if (link->phase != Phase::Open) return end_soon(*link, "");
    link->phase = Phase::Closing;
    link->close_code = code;
    link->close_reason = reason.substr(0, kReasonBytes);
    set_deadline(*link, options_.limits.close_time);
    lws_callback_on_writable(link->wsi);
}

int WebClient::on_writable(WebLink& link) {
    while (!link.queue.empty()) {
        if (lws_send_pipe_choked(link.wsi) != 0) {
            lws_callback_on_writable(link.wsi);
            return 0;
        }
        const std::string text = std::move(link.queue.front());
        link.queue.pop_front();
        link.queue_bytes -= text.size();
        if (write_text(link.wsi, text) < 0) return -1;
    }
    if (link.phase != Phase::Closing || link.close_code == 0) return 0;
    const uint16_t code = std::exchange(link.close_code, uint16_t{0});
    return write_close(context_.lws(), link.wsi, code, link.close_reason) < 0 ? -1 : 0;
}

// The connection, or the attempt at one, is no more.
void WebClient::on_gone(WebLink& link, std::string_view why) {
    link.wsi = nullptr;
    if (!why.empty()) link.why = link.url.authority() + ": " + std::string(why);
    if (link.phase == Phase::Opening && !link.addresses.empty()) {
        return set_deadline(link, base::Duration(0));  // the next address, not from inside of this
    }
    end_soon(link, link.why.empty() ? "the connection broke" : link.why);
}

// Said at the next deadline, which is now: never from inside of what led here.
void WebClient::end_soon(WebLink& link, std::string why) {
    link.phase = Phase::Ended;
    link.why = std::move(why);
    if (lws* const wsi = std::exchange(link.wsi, nullptr)) {
        cut(wsi);
        context_.wake();
    }
    set_deadline(link, base::Duration(0));
}

void WebClient::set_deadline(WebLink& link, base::Duration from_now) {
    deadlines_.set(link.id, context_.loop().now() + from_now);
    timer_.set(deadlines_.next_deadline());
}

void WebClient::on_deadline(base::Instant now) {
    ConnectionId id = 0;
    while (deadlines_.pop_due(now, id)) {
        WebLink& link = **links_.find(id);
        if (link.phase == Phase::Opening && link.wsi == nullptr && !link.addresses.empty()) {
            set_deadline(link, options_.limits.open_time);
            connect_next(link);
        } else if (link.phase != Phase::Ended) {
            end_soon(link, link.why.empty() ? "no answer in time" : link.why);
        } else {
            const std::unique_ptr<WebLink> ended = std::move(*links_.find(id));
            links_.erase(id);
            if (!ended->silent) events_.on_closed(id, ended->why);
        }
    }
    timer_.set(deadlines_.next_deadline());
}

}  // namespace parley::shell
