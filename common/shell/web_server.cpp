#include "common/shell/web_server.h"

#include "common/base/ensure.h"
#include "common/shell/web_connection.h"

namespace parley::shell {

namespace {

// Written at once, as far as the kernel takes it; libwebsockets copies what it does not take.
constexpr size_t kWriteBytes = 64 * 1024;

// HTTP, and WebSockets without a subprotocol. A name that no client can ask for.
constexpr char kPlainProtocol[] = "not a token";

int on_callback(lws* wsi, lws_callback_reasons reason, void* user, void* in, size_t size) {
    // A vhost that is being made hands out the context of its TLS, in which it has put nothing yet.
    if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
        auto* const made = static_cast<lws_vhost*>(in);
        static_cast<WebBinding*>(lws_get_vhost_user(made))->tls = static_cast<SSL_CTX*>(user);
        return 0;
    }
    lws_vhost* const vhost = lws_get_vhost(wsi);
    auto* const binding = vhost ? static_cast<WebBinding*>(lws_get_vhost_user(vhost)) : nullptr;
    if (binding == nullptr || binding->server == nullptr) return 0;
    return binding->server->on_lws(wsi, reason, in, size);
}

// What makes no sense on a connection that is none of ours any more.
bool is_traffic(int reason) {
    switch (reason) {
        case LWS_CALLBACK_HTTP:
        case LWS_CALLBACK_HTTP_BODY:
        case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        case LWS_CALLBACK_HTTP_WRITEABLE:
        case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        case LWS_CALLBACK_ESTABLISHED:
        case LWS_CALLBACK_RECEIVE:
        case LWS_CALLBACK_SERVER_WRITEABLE: return true;
        default: return false;
    }
}

// CONNECT makes libwebsockets hand us the naked socket. Nobody has asked for that.
bool is_raw(int reason) {
    return reason == LWS_CALLBACK_RAW_ADOPT || reason == LWS_CALLBACK_RAW_RX ||
           reason == LWS_CALLBACK_RAW_WRITEABLE;
}

}  // namespace

base::Result<std::unique_ptr<WebServer>, std::string> WebServer::start(WebContext& context,
                                                                       Options options,
                                                                       Events events) {
    std::unique_ptr<WebServer> server(
        new WebServer(context, std::move(options), std::move(events)));
    if (const auto listening = server->listen(); !listening) return base::Err{listening.error()};
    if (!server->create_vhost()) return base::Err{std::string("libwebsockets has no more room")};
    if (server->options_.identity) server->show(*server->options_.identity);
    return server;
}

base::Result<base::Unit, std::string> WebServer::listen() {
    std::vector<net::Address> addresses = options_.listen;
    addresses.insert(addresses.end(), options_.listen_tls.begin(), options_.listen_tls.end());
    for (size_t i = 0; i < addresses.size(); ++i) {
        auto listening = TcpListener::listen(context_.loop(), addresses[i],
                                             [this, i](Fd socket, net::Address remote) {
                                                 accept(std::move(socket), remote, i);
                                             });
        if (!listening) return base::Err{listening.error()};
        listeners_.push_back(std::move(*listening));
    }
    return base::Unit{};
}

WebServer::WebServer(WebContext& context, Options options, Events events)
    : context_(context),
      options_(std::move(options)),
      events_(std::move(events)),
      timer_(context.loop(), [this](base::Instant now) { on_deadline(now); }) {}

WebServer::~WebServer() {
    if (binding_ != nullptr) binding_->server = nullptr;
    connections_.for_each([this](uint64_t, auto& connection) { cut(*connection); });
}

bool WebServer::create_vhost() {
    binding_ = new WebBinding{this, options_.subprotocols};
    std::vector<lws_protocols> protocols;
    const auto add = [&](const char* name) {
        lws_protocols protocol{};
        protocol.name = name;
        protocol.callback = on_callback;
        protocol.rx_buffer_size = kWriteBytes;
        protocol.tx_packet_size = kWriteBytes;
        protocols.push_back(protocol);
    };
    add(kPlainProtocol);
    for (const std::string& name : binding_->subprotocols) add(name.c_str());
    protocols.push_back({});

    lws_context_creation_info info{};
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;  // we accept, it adopts
    info.protocols = protocols.data();
    info.user = binding_;
    info.finalize = [](lws_vhost*, void* binding) { delete static_cast<WebBinding*>(binding); };
    info.finalize_arg = binding_;
    if (options_.identity) {
        info.options = LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX |
                       LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;  // a vhost is asked for it as well
        info.alpn = "http/1.1";  // a connection is one sequence of requests here
    }
    vhost_ = lws_create_vhost(context_.lws(), &info);
    if (vhost_ != nullptr) return true;
    delete std::exchange(binding_, nullptr);
    return false;
}

void WebServer::show(const TlsIdentity& identity) {
    ENSURE(binding_->tls != nullptr);
    identity.show_in(*binding_->tls);
}

void WebServer::accept(Fd socket, const net::Address& remote, size_t listener) {
    if (connections_.size() >= options_.limits.connections) return;
    const uint64_t id = ++last_id_;
    auto added = std::make_unique<WebConnection>();
    WebConnection& connection = *added;
    connection.id = id;
    connection.listener = listener;
    connection.secure = is_tls(listener);
    connection.remote = net::ip_text(remote);
    connection.message_bytes = options_.limits.message_bytes;
    connection.queue_bytes_most = options_.limits.queue_bytes;
    connections_.insert(id, std::move(added));

    lws_adopt_desc_t adopt{};
    adopt.vh = vhost_;
    const int tls = is_tls(listener) ? LWS_ADOPT_ALLOW_SSL : 0;
    adopt.type = static_cast<lws_adoption_type>(LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | tls);
    adopt.fd.sockfd = socket.release();  // closed by libwebsockets, whatever happens
    adopt.opaque = reinterpret_cast<void*>(id);
    lws* const wsi = lws_adopt_descriptor_vhost_via_info(&adopt);
    if (wsi == nullptr) {
        remove(id);
        return;
    }
    connection.wsi = wsi;
    set_deadline(connection, options_.limits.header_time);
}

WebConnection* WebServer::find(uint64_t id) {
    auto* const found = connections_.find(id);
    return found ? found->get() : nullptr;
}

int WebServer::on_lws(lws* wsi, int reason, void* in, size_t size) {
    const auto id = reinterpret_cast<uint64_t>(lws_get_opaque_user_data(wsi));
    WebConnection* const connection = find(id);
    if (is_raw(reason)) return -1;
    if (is_traffic(reason) && (connection == nullptr || connection->cut)) return -1;
    if (connection == nullptr) return 0;
    connection->wsi = wsi;
    const std::string_view bytes(static_cast<const char*>(in), in ? size : 0);
    switch (reason) {
        case LWS_CALLBACK_HTTP: return on_headers(*connection);
        case LWS_CALLBACK_HTTP_BODY: return on_body(*connection, bytes);
        case LWS_CALLBACK_HTTP_BODY_COMPLETION: return on_request(*connection);
        case LWS_CALLBACK_HTTP_WRITEABLE: return on_http_writable(*connection);
        case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
            return on_upgrade(*connection, static_cast<const char*>(in));
        case LWS_CALLBACK_ESTABLISHED: return on_established(*connection);
        case LWS_CALLBACK_RECEIVE: return on_received(*connection, bytes);
        case LWS_CALLBACK_RECEIVE_PONG: connection->heard = context_.loop().now(); return 0;
        case LWS_CALLBACK_SERVER_WRITEABLE: return on_socket_writable(*connection);
        // The answer to our own close ends it; any other is answered by libwebsockets.
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: return connection->close_written ? -1 : 0;
        case LWS_CALLBACK_CLOSED:
        case LWS_CALLBACK_CLOSED_HTTP:
        case LWS_CALLBACK_WSI_DESTROY: remove(id); return 0;
        default: return 0;
    }
}

void WebServer::remove(uint64_t id) {
    auto* const found = connections_.find(id);
    if (found == nullptr) return;
    const std::unique_ptr<WebConnection> gone = std::move(*found);
    connections_.erase(id);
    deadlines_.erase(id);
    requests_.erase(gone->request_id);
    if (gone->is_socket()) events_.on_disconnect(id);
}

void WebServer::set_deadline(WebConnection& connection, base::Duration from_now) {
    deadlines_.set(connection.id, context_.loop().now() + from_now);
    timer_.set(deadlines_.next_deadline());
}

void WebServer::on_deadline(base::Instant now) {
    uint64_t id = 0;
    while (deadlines_.pop_due(now, id)) {
        WebConnection& connection = *find(id);
        switch (connection.phase) {
            case WebConnection::Phase::Socket: on_socket_deadline(now, connection); break;
            case WebConnection::Phase::Writing: on_writing_deadline(now, connection); break;
            default: cut(connection); break;
        }
    }
    timer_.set(deadlines_.next_deadline());
}

// Ends the connection in a turn to come, without a word: by its own timeout, or, because there are
// ways in which libwebsockets forgets that, by what it says of the connection next.
void WebServer::cut(WebConnection& connection) {
    connection.cut = true;
    lws_set_timeout(connection.wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
    context_.wake();
}

void WebServer::stop(uint16_t code, std::string_view reason) {
    listeners_.clear();
    connections_.for_each([&](uint64_t, auto& connection) {
        if (connection->phase == WebConnection::Phase::Headers) cut(*connection);
        connection->close_after = true;
        if (connection->is_socket()) begin_close(*connection, code, reason);
    });
}

}  // namespace parley::shell
