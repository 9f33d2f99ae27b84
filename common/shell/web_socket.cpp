// The WebSocket half of WebServer.
#include <strings.h>

#include <algorithm>

#include "common/shell/web_connection.h"

namespace parley::shell {

namespace {

using Phase = WebConnection::Phase;

constexpr size_t kReasonBytes = 123;  // RFC 6455 §5.5
// A pong echoes what it answers; libwebsockets does not tell of one that carries nothing.
constexpr char kPing[] = "parley";
constexpr char kVersion[] = "13";  // RFC 6455 §4.1

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// The elements of a comma-separated header, RFC 9110 §5.6.1.
std::vector<std::string> elements_of(std::string_view list) {
    std::vector<std::string> elements;
    while (!list.empty()) {
        const size_t comma = std::min(list.find(','), list.size());
        std::string_view element = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        const size_t first = element.find_first_not_of(" \t");
        if (first == std::string_view::npos) continue;
        element = element.substr(first, element.find_last_not_of(" \t") + 1 - first);
        elements.emplace_back(element);
    }
    return elements;
}

bool lists(std::string_view list, std::string_view wanted) {
    const std::vector<std::string> elements = elements_of(list);
    return std::any_of(elements.begin(), elements.end(), [&](const std::string& element) {
        return equals_ignoring_case(element, wanted);
    });
}

// What is wrong with an opening handshake, as an HTTP status; 0 when nothing is. RFC 6455 §4.2.1.
uint16_t fault_of(lws* wsi) {
    if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) <= 0) return 405;
    if (!lists(header_of(wsi, WSI_TOKEN_CONNECTION), "upgrade")) return 400;
    if (header_of(wsi, WSI_TOKEN_HOST).empty()) return 400;
    if (header_of(wsi, WSI_TOKEN_KEY).size() != 24) return 400;  // 16 bytes in base64
    if (header_of(wsi, WSI_TOKEN_VERSION) != kVersion) return 426;
    return 0;
}

// The first that the client offers and we have; libwebsockets chooses in the same way. Nothing when
// it offers only others.
std::optional<std::string> agree(const std::string& offered, const std::vector<std::string>& ours) {
    const std::vector<std::string> elements = elements_of(offered);
    if (elements.empty()) return "";
    for (const std::string& element : elements) {
        if (std::find(ours.begin(), ours.end(), element) != ours.end()) return element;
    }
    return std::nullopt;
}

// Answers an upgrade with a refusal; libwebsockets closes after it.
int refuse(lws* wsi, uint16_t status) {
    HttpResponse response{status};
    if (status == 426) response.headers.emplace_back("sec-websocket-version", kVersion);
    return write_head(wsi, response, 0, true, true) ? 1 : -1;
}

int write_frame(lws* wsi, std::string_view payload, lws_write_protocol type) {
    std::vector<unsigned char> room(LWS_PRE + payload.size());
    std::copy(payload.begin(), payload.end(), room.begin() + LWS_PRE);
    return lws_write(wsi, room.data() + LWS_PRE, payload.size(), type);
}

// Says why, once, and waits for the other end to close. libwebsockets has its own way of doing this
// which, on libuv and in Debian's build, drops the connection before the frame has left. So the
// frame is written here (RFC 6455 §5.5.1) and goes out as it is.
int write_close(WebConnection& connection) {
    if (std::exchange(connection.close_written, true)) return 0;
    const size_t size = 2 + connection.close_reason.size();
    std::string frame{'\x88', static_cast<char>(size),
                      static_cast<char>(connection.close_code >> 8),
                      static_cast<char>(connection.close_code)};
    frame += connection.close_reason;
    return write_frame(connection.wsi, frame, LWS_WRITE_RAW) < 0 ? -1 : 0;
}

}  // namespace

int WebServer::on_upgrade(WebConnection& connection, std::string_view to) {
    lws* const wsi = connection.wsi;
    if (connection.phase != Phase::Headers || !equals_ignoring_case(to, "websocket")) return -1;
    if (const uint16_t fault = fault_of(wsi); fault != 0) return refuse(wsi, fault);
    const auto protocol = agree(header_of(wsi, WSI_TOKEN_PROTOCOL), options_.subprotocols);
    if (!protocol) return refuse(wsi, 400);

    ConnectRequest request;
    request.path = path_of(wsi);
    request.query = query_of(wsi);
    request.protocol = *protocol;
    request.origin = header_of(wsi, WSI_TOKEN_ORIGIN);
    request.authorization = header_of(wsi, WSI_TOKEN_HTTP_AUTHORIZATION);
    request.forwarded_for = header_of(wsi, WSI_TOKEN_X_FORWARDED_FOR);
    request.host = header_of(wsi, WSI_TOKEN_HOST);
    request.remote = connection.remote;
    request.listener = connection.listener;
    request.secure = connection.secure;

    connection.phase = Phase::Upgrading;
    const uint16_t status = events_.on_connect(connection.id, request);
    if (status == 0) return 0;
    connection.phase = Phase::Headers;  // never was one
    return refuse(wsi, status);
}

int WebServer::on_established(WebConnection& connection) {
    connection.heard = context_.loop().now();
    lws_callback_on_writable(connection.wsi);
    if (connection.phase == Phase::Closing) return 0;
    connection.phase = Phase::Socket;
    set_deadline(connection, options_.limits.ping_interval);
    return 0;
}

int WebServer::on_received(WebConnection& connection, std::string_view bytes) {
    connection.heard = context_.loop().now();
    if (connection.phase != Phase::Socket) return 0;
    lws* const wsi = connection.wsi;
    if (lws_frame_is_binary(wsi) != 0) {
        begin_close(connection, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, "text only");
        return 0;
    }
    if (connection.message.size() + bytes.size() > connection.message_bytes) {
        begin_close(connection, kCloseTooLarge, "too-large");
        return 0;
    }
    connection.message += bytes;
    if (lws_remaining_packet_payload(wsi) > 0 || lws_is_final_fragment(wsi) == 0) return 0;
    const std::string message = std::exchange(connection.message, {});
    events_.on_message(connection.id, message);
    return 0;
}

bool WebServer::send(ConnectionId id, std::string text) {
    WebConnection* const connection = find(id);
    if (connection == nullptr || !connection->is_socket()) return false;
    if (connection->phase == Phase::Closing) return false;
    connection->queue_bytes += text.size();
    connection->queue.push_back(std::move(text));
    if (connection->queue_bytes > connection->queue_bytes_most) {
        connection->queue.clear();
        begin_close(*connection, kCloseTooSlow, "too-slow");
        return false;
    }
    if (connection->phase == Phase::Socket) lws_callback_on_writable(connection->wsi);
    return true;
}

void WebServer::widen(ConnectionId id, size_t message_bytes, size_t queue_bytes) {
    WebConnection* const connection = find(id);
    if (connection == nullptr) return;
    connection->message_bytes = message_bytes;
    connection->queue_bytes_most = queue_bytes;
}

void WebServer::close(ConnectionId id, uint16_t code, std::string_view reason) {
    WebConnection* const connection = find(id);
    if (connection == nullptr || !connection->is_socket()) return;
    begin_close(*connection, code, reason);
}

// What is queued goes first, then the close frame; after close_time the connection is cut.
void WebServer::begin_close(WebConnection& connection, uint16_t code, std::string_view reason) {
    if (connection.phase == Phase::Closing) return;
    connection.phase = Phase::Closing;
    connection.close_code = code;
    connection.close_reason = reason.substr(0, kReasonBytes);
    connection.message = {};
    set_deadline(connection, options_.limits.close_time);
    lws_callback_on_writable(connection.wsi);
}

int WebServer::on_socket_writable(WebConnection& connection) {
    lws* const wsi = connection.wsi;
    while (!connection.queue.empty()) {
        if (lws_send_pipe_choked(wsi) != 0) {
            lws_callback_on_writable(wsi);
            return 0;
        }
        const std::string text = std::move(connection.queue.front());
        connection.queue.pop_front();
        connection.queue_bytes -= text.size();
        if (write_frame(wsi, text, LWS_WRITE_TEXT) < 0) return -1;
    }
    if (connection.phase == Phase::Closing) return write_close(connection);
    if (std::exchange(connection.ping_due, false)) {
        return write_frame(wsi, kPing, LWS_WRITE_PING) < 0 ? -1 : 0;
    }
    return 0;
}

void WebServer::on_socket_deadline(base::Instant now, WebConnection& connection) {
    const base::Instant given_up = connection.heard + options_.limits.silence;
    if (now >= given_up) return cut(connection);
    connection.ping_due = true;
    lws_callback_on_writable(connection.wsi);
    deadlines_.set(connection.id, std::min(given_up, now + options_.limits.ping_interval));
}

}  // namespace parley::shell
