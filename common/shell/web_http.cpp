// The HTTP half of WebServer: requests in, answers out.
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "common/shell/web_connection.h"

namespace parley::shell {

namespace {

using Phase = WebConnection::Phase;

constexpr size_t kHeadBytes = 8 * 1024;
constexpr size_t kChunkBytes = 64 * 1024;
constexpr int kQueryArguments = 64;

// A client that is told 413 has this long to stop sending and read why.
constexpr base::Duration kLinger = 2s;

std::optional<HttpMethod> method_of(lws* wsi) {
    char* uri = nullptr;
    int size = 0;
    switch (lws_http_get_uri_and_method(wsi, &uri, &size)) {
        case LWSHUMETH_GET: return HttpMethod::Get;
        case LWSHUMETH_HEAD: return HttpMethod::Head;
        case LWSHUMETH_POST: return HttpMethod::Post;
        case LWSHUMETH_PUT: return HttpMethod::Put;
        case LWSHUMETH_PATCH: return HttpMethod::Patch;
        case LWSHUMETH_DELETE: return HttpMethod::Delete;
        case LWSHUMETH_OPTIONS: return HttpMethod::Options;
        default: return std::nullopt;
    }
}

// Returns the length of the body that is announced, 0 when there is none, or nothing when the
// announcement is nonsense.
std::optional<uint64_t> content_length_of(lws* wsi) {
    const std::string text = header_of(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
    if (text.empty()) return 0;
    uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return length;
}

bool may_have_body(HttpMethod method) {
    return method == HttpMethod::Post || method == HttpMethod::Put || method == HttpMethod::Patch;
}

// A header that holds the end of a line would be two.
bool is_clean(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// Where a head is written: libwebsockets wants some room before it.
class Head {
public:
    explicit Head(lws* wsi) : wsi_(wsi) {}

    void status(uint16_t code) {
        ok_ = lws_add_http_header_status(wsi_, code | LWSAHH_FLAG_NO_SERVER_NAME, &at_, end()) == 0;
    }

    void add(std::string name, std::string_view value) {
        if (!is_clean(name) || !is_clean(value)) return;
        for (char& c : name) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
        name += ':';
        ok_ = ok_ && lws_add_http_header_by_name(
                         wsi_, reinterpret_cast<const unsigned char*>(name.c_str()),
                         reinterpret_cast<const unsigned char*>(value.data()),
                         static_cast<int>(value.size()), &at_, end()) == 0;
    }

    bool write(lws_write_protocol how) {
        ok_ = ok_ && lws_finalize_http_header(wsi_, &at_, end()) == 0;
        const auto size = static_cast<size_t>(at_ - begin());
        return ok_ && lws_write(wsi_, begin(), size, how) >= 0;
    }

private:
    unsigned char* begin() { return room_.data() + LWS_PRE; }
    unsigned char* end() { return room_.data() + room_.size(); }

    lws* wsi_;
    std::array<unsigned char, LWS_PRE + kHeadBytes> room_;
    unsigned char* at_ = begin();
    bool ok_ = true;
};

// A header that libwebsockets has no token for; `name` in any case, "" is none.
std::string custom_header_of(lws* wsi, std::string name) {
    if (name.empty()) return "";
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    name += ':';
    const auto name_size = static_cast<int>(name.size());
    const int size = lws_hdr_custom_length(wsi, name.c_str(), name_size);
    if (size <= 0) return "";
    std::string text(static_cast<size_t>(size) + 1, '\0');
    const int copied = lws_hdr_custom_copy(wsi, text.data(), size + 1, name.c_str(), name_size);
    text.resize(copied > 0 ? static_cast<size_t>(copied) : 0);
    return text;
}

// How often a client that is slow to read its answer is looked at.
constexpr base::Duration kWriteCheck = 100ms;

// Reads that may come between a request and the end of its answer.
constexpr int kEarlyReads = 16;

}  // namespace

std::string header_of(lws* wsi, lws_token_indexes token) {
    const int size = lws_hdr_total_length(wsi, token);
    if (size <= 0) return "";
    std::string text(static_cast<size_t>(size) + 1, '\0');
    const int copied = lws_hdr_copy(wsi, text.data(), size + 1, token);
    text.resize(copied > 0 ? static_cast<size_t>(copied) : 0);
    return text;
}

std::string path_of(lws* wsi) {
    char* uri = nullptr;
    int size = 0;
    if (lws_http_get_uri_and_method(wsi, &uri, &size) < 0 || size < 0) return "";
    return std::string(uri, static_cast<size_t>(size));
}

HttpQuery query_of(lws* wsi) {
    HttpQuery query;
    for (int i = 0; i < kQueryArguments; ++i) {
        const int size = lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (size <= 0) continue;  // "a&&b" has an empty one
        std::string text(static_cast<size_t>(size) + 1, '\0');
        const int copied =
            lws_hdr_copy_fragment(wsi, text.data(), size + 1, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (copied <= 0) continue;
        text.resize(static_cast<size_t>(copied));
        query.push_back(split_query(text));
    }
    return query;
}

bool write_head(lws* wsi, const HttpResponse& response, size_t body_bytes, bool close, bool last) {
    Head head(wsi);
    head.status(response.status);
    for (const auto& [name, value] : response.headers) head.add(name, value);
    const bool has_length =
        response.status >= 200 && response.status != 204 && response.status != 304;
    if (has_length) head.add("content-length", std::to_string(body_bytes));
    if (close) head.add("connection", "close");
    return head.write(
        last ? static_cast<lws_write_protocol>(LWS_WRITE_HTTP_HEADERS | LWS_WRITE_H2_STREAM_END)
             : LWS_WRITE_HTTP_HEADERS);
}

int WebServer::on_headers(WebConnection& connection) {
    lws* const wsi = connection.wsi;
    const auto method = method_of(wsi);
    if (!method || connection.phase != Phase::Headers) return -1;
    connection.request_id = ++last_id_;
    requests_.insert(connection.request_id, connection.id);
    connection.head_only = *method == HttpMethod::Head;

    HttpRequest& request = connection.request = {};
    request.method = *method;
    request.path = path_of(wsi);
    request.query = query_of(wsi);
    request.authorization = header_of(wsi, WSI_TOKEN_HTTP_AUTHORIZATION);
    request.content_type = header_of(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE);
    request.origin = header_of(wsi, WSI_TOKEN_ORIGIN);
    request.if_none_match = header_of(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH);
    request.forwarded_for = header_of(wsi, WSI_TOKEN_X_FORWARDED_FOR);
    request.host = header_of(wsi, WSI_TOKEN_HOST);
    request.request_headers = header_of(wsi, WSI_TOKEN_HTTP_AC_REQUEST_HEADERS);
    request.user = custom_header_of(wsi, options_.user_header);
    request.traceparent = custom_header_of(wsi, "traceparent");
    request.remote = connection.remote;
    request.listener = connection.listener;
    request.secure = connection.secure;

    const auto refuse = [&](uint16_t status, std::string why) {
        connection.close_after = true;
        connection.phase = Phase::Answering;
        respond(connection.request_id, {status, {{"content-type", "text/plain"}}, why + "\n"});
        return 0;
    };
    const auto length = content_length_of(wsi);
    const bool chunked = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0;
    connection.expects_body = !length || *length > 0 || chunked;
    if (chunked) return refuse(411, "a Content-Length is required");
    if (!length) return refuse(400, "the Content-Length is no number");
    if (*length > options_.limits.body_bytes) return refuse(413, "the body is too large");
    if (*length > 0) {
        connection.phase = Phase::Body;
        set_deadline(connection, options_.limits.body_time);
        return 0;
    }
    // libwebsockets would wait for a body of unknown length, which there is none (RFC 9112 §6.3).
    const bool explicit_zero = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
    if (may_have_body(*method) && !explicit_zero) connection.close_after = true;
    connection.phase = Phase::Body;
    return on_request(connection);
}

int WebServer::on_body(WebConnection& connection, std::string_view bytes) {
    if (connection.phase != Phase::Body) return 0;  // refused already: forget it
    connection.request.body += bytes;
    return connection.request.body.size() <= options_.limits.body_bytes ? 0 : -1;
}

// The request is whole. libwebsockets says so again whenever more arrives before the answer to a
// POST has left, and keeps what arrived: a little of that is pipelining, more is abuse.
int WebServer::on_request(WebConnection& connection) {
    if (connection.phase != Phase::Body) return ++connection.early_reads > kEarlyReads ? -1 : 0;
    connection.early_reads = 0;
    connection.phase = Phase::Answering;
    connection.expects_body = false;
    lws_rx_flow_control(connection.wsi, 0);  // requests that follow wait for this one's answer
    set_deadline(connection, options_.limits.answer_time);
    events_.on_http(connection.request_id, std::move(connection.request));
    return 0;
}

bool WebServer::respond(RequestId id, HttpResponse response) {
    const uint64_t* const found = requests_.find(id);
    WebConnection* const connection = found ? find(*found) : nullptr;
    if (connection == nullptr || connection->phase != Phase::Answering) return false;
    connection->response = std::move(response);
    connection->head_written = false;
    connection->body_written = 0;
    connection->phase = Phase::Writing;
    connection->write_limit = context_.loop().now() + options_.limits.write_time;
    set_deadline(*connection, kWriteCheck);
    lws_rx_flow_control(connection->wsi, 1);  // without reads it does not write, either
    lws_callback_on_writable(connection->wsi);
    return true;
}

int WebServer::on_http_writable(WebConnection& connection) {
    if (connection.phase != Phase::Writing) return 0;
    const std::string& body = connection.response.body;
    const bool sends_body = !connection.head_only && !body.empty();
    connection.write_limit = context_.loop().now() + options_.limits.write_time;
    if (!connection.head_written) {
        connection.head_written = true;
        if (!write_head(connection.wsi, connection.response, body.size(), connection.close_after,
                        !sends_body)) {
            return -1;
        }
    } else if (connection.body_written < body.size() && sends_body) {
        const size_t size = std::min(kChunkBytes, body.size() - connection.body_written);
        std::vector<unsigned char> chunk(LWS_PRE + size);
        std::copy_n(body.data() + connection.body_written, size, chunk.data() + LWS_PRE);
        connection.body_written += size;
        const bool last = connection.body_written == body.size();
        if (lws_write(connection.wsi, chunk.data() + LWS_PRE, size,
                      last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0) {
            return -1;
        }
    }
    const bool done = !sends_body || connection.body_written == body.size();
    if (done && lws_partial_buffered(connection.wsi) == 0) return finish_response(connection);
    lws_callback_on_writable(connection.wsi);
    return 0;
}

// The answer has left: on to the next request, or to the end.
int WebServer::finish_response(WebConnection& connection) {
    requests_.erase(std::exchange(connection.request_id, 0));
    connection.response = {};
    if (connection.close_after && connection.expects_body) {
        connection.phase = Phase::Lingering;
        set_deadline(connection, kLinger);
        return 0;
    }
    if (connection.close_after) return -1;
    connection.phase = Phase::Headers;
    set_deadline(connection, options_.limits.idle_time);
    return lws_http_transaction_completed(connection.wsi) != 0 ? -1 : 0;
}

// While an answer waits for a slow reader libwebsockets leaves what that client says next in the
// kernel, and is woken by it again and again. Nobody needs to pipeline against a large answer.
void WebServer::on_writing_deadline(base::Instant now, WebConnection& connection) {
    int unread = 0;
    const bool speaks =
        ioctl(lws_get_socket_fd(connection.wsi), FIONREAD, &unread) == 0 && unread > 0;
    if (speaks || now >= connection.write_limit) return cut(connection);
    deadlines_.set(connection.id, now + kWriteCheck);
}

}  // namespace parley::shell
