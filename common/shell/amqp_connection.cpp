#include "common/shell/amqp_connection.h"

#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <openssl/ssl.h>
#include <sys/time.h>

#include <algorithm>
#include <charconv>

#include "common/shell/amqp_url.h"

namespace parley::shell {

namespace {

using base::Err;

constexpr amqp_channel_t kChannel = 1;
constexpr timeval kConnectTime{5, 0};
constexpr timeval kCallTime{30, 0};  // a quorum queue on a busy broker takes its time
constexpr int kFrameBytes = 128 * 1024;
constexpr int kTemporaryMessages = 100'000;
constexpr int kDeliveriesInVain = 100;  // of one message; then it is dead

amqp_bytes_t bytes(std::string_view text) {
    // rabbitmq-c only reads what it is given.
    return {text.size(), const_cast<char*>(text.data())};
}

std::string text(amqp_bytes_t bytes) {
    return {static_cast<const char*>(bytes.bytes), bytes.len};
}

AmqpStatus done() {
    return base::Unit{};
}

// A table of arguments, good as long as this and the texts in it live.
class Table {
public:
    void add(std::string_view key, std::string_view value) {
        amqp_table_entry_t& entry = next(key, AMQP_FIELD_KIND_UTF8);
        entry.value.value.bytes = bytes(value);
    }
    void add(std::string_view key, int value) {
        next(key, AMQP_FIELD_KIND_I32).value.value.i32 = value;
    }
    void add_true(std::string_view key) {
        next(key, AMQP_FIELD_KIND_BOOLEAN).value.value.boolean = 1;
    }
    int size() const { return count_; }
    amqp_table_t get() { return {count_, entries_}; }

private:
    amqp_table_entry_t& next(std::string_view key, amqp_field_value_kind_t kind) {
        amqp_table_entry_t& entry = entries_[count_++];
        entry.key = bytes(key);
        entry.value.kind = static_cast<uint8_t>(kind);
        return entry;
    }

    amqp_table_entry_t entries_[4] = {};
    int count_ = 0;
};

// What the broker says of why it closes.
AmqpFailure said(const amqp_method_t& method, const std::string& what) {
    uint16_t code = 0;
    amqp_bytes_t reason = amqp_empty_bytes;
    if (method.id == AMQP_CONNECTION_CLOSE_METHOD) {
        const auto* close = static_cast<amqp_connection_close_t*>(method.decoded);
        code = close->reply_code;
        reason = close->reply_text;
    } else if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
        const auto* close = static_cast<amqp_channel_close_t*>(method.decoded);
        code = close->reply_code;
        reason = close->reply_text;
    }
    // Access, an argument that differs, a virtual host that is not there: AMQP 0-9-1 §1.2
    const bool refused =
        code == AMQP_ACCESS_REFUSED || code == AMQP_PRECONDITION_FAILED || code == AMQP_NOT_ALLOWED;
    return {what + ": " + (code ? text(reason) : "an answer nobody expected"), refused};
}

AmqpFailure failed(int status, const std::string& what) {
    return {what + ": " + amqp_error_string2(status)};
}

const char* kind_text(cluster::ExchangeKind kind) {
    switch (kind) {
        case cluster::ExchangeKind::Direct: return "direct";
        case cluster::ExchangeKind::Topic: return "topic";
        case cluster::ExchangeKind::Fanout: return "fanout";
    }
    return "";
}

}  // namespace

AmqpConnection::AmqpConnection(const AmqpOptions& options, const std::string& suffix)
    : options_(options), suffix_(suffix), state_(amqp_new_connection()) {}

AmqpConnection::~AmqpConnection() {
    amqp_destroy_connection(state_);
}

base::Result<std::unique_ptr<AmqpConnection>, AmqpFailure> AmqpConnection::open(
    const AmqpOptions& options, const std::string& suffix, AmqpShared& shared) {
    std::unique_ptr<AmqpConnection> connection(new AmqpConnection(options, suffix));
    if (auto status = connection->connect(shared); !status) return Err{status.error()};
    if (auto status = connection->log_in(); !status) return Err{status.error()};
    if (auto status = connection->declare(); !status) return Err{status.error()};
    return connection;
}

int AmqpConnection::fd() const {
    return amqp_get_sockfd(state_);
}

AmqpStatus AmqpConnection::check(amqp_rpc_reply_t reply, const std::string& what) {
    switch (reply.reply_type) {
        case AMQP_RESPONSE_NORMAL: return done();
        case AMQP_RESPONSE_LIBRARY_EXCEPTION: return Err{failed(reply.library_error, what)};
        case AMQP_RESPONSE_SERVER_EXCEPTION: return Err{said(reply.reply, what)};
        case AMQP_RESPONSE_NONE: break;
    }
    return Err{AmqpFailure{what + ": no answer"}};
}

AmqpStatus AmqpConnection::check_last(const std::string& what) {
    return check(amqp_get_rpc_reply(state_), what);
}

base::Result<amqp_socket_t*, AmqpFailure> AmqpConnection::new_tls_socket() {
    amqp_socket_t* socket = amqp_ssl_socket_new(state_);
    if (!socket) return Err{AmqpFailure{"TLS can not be had"}};
    amqp_ssl_socket_set_verify_peer(socket, 1);
    amqp_ssl_socket_set_verify_hostname(socket, 1);
    amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST);
    if (options_.ca_file.empty()) {
        auto* context = static_cast<SSL_CTX*>(amqp_ssl_socket_get_context(socket));
        SSL_CTX_set_default_verify_paths(context);
    } else if (amqp_ssl_socket_set_cacert(socket, options_.ca_file.c_str()) != AMQP_STATUS_OK) {
        return Err{AmqpFailure{options_.ca_file + " is no certificate to believe", true}};
    }
    if (!options_.certificate_file.empty() &&
        amqp_ssl_socket_set_key(socket, options_.certificate_file.c_str(),
                                options_.key_file.c_str()) != AMQP_STATUS_OK) {
        return Err{AmqpFailure{options_.certificate_file + " and " + options_.key_file +
                                   " are no certificate and its key",
                               true}};
    }
    return socket;
}

AmqpStatus AmqpConnection::connect(AmqpShared& shared) {
    const AmqpUrl url = *parse_amqp_url(options_.url);
    amqp_socket_t* socket = nullptr;
    if (url.tls) {
        auto made = new_tls_socket();
        if (!made) return Err{made.error()};
        socket = *made;
    } else {
        socket = amqp_tcp_socket_new(state_);
    }
    amqp_set_handshake_timeout(state_, &kCallTime);
    amqp_set_rpc_timeout(state_, &kCallTime);
    const int status = amqp_socket_open_noblock(socket, url.host.c_str(), url.port, &kConnectTime);
    const std::string place = url.host + ":" + std::to_string(url.port);
    // The library has no more to say than "a socket error occurred".
    if (status == AMQP_STATUS_SOCKET_ERROR) {
        return Err{AmqpFailure{place + ": no RabbitMQ answers there"}};
    }
    if (status != AMQP_STATUS_OK) return Err{failed(status, place)};
    const std::lock_guard lock(shared.mutex);
    shared.connection = Fd(dup(fd()));
    return done();
}

AmqpStatus AmqpConnection::log_in() {
    const AmqpUrl url = *parse_amqp_url(options_.url);
    const auto heartbeat = static_cast<int>(std::max<int64_t>(options_.heartbeat / 1s, 1));
    Table properties;
    properties.add("connection_name", options_.name);
    const amqp_table_t table = properties.get();
    const auto reply =
        url.user.empty()
            ? amqp_login_with_properties(state_, url.vhost.c_str(), 1, kFrameBytes, heartbeat,
                                         &table, AMQP_SASL_METHOD_EXTERNAL, "")
            : amqp_login_with_properties(state_, url.vhost.c_str(), 1, kFrameBytes, heartbeat,
                                         &table, AMQP_SASL_METHOD_PLAIN, url.user.c_str(),
                                         url.password.c_str());
    if (auto status = check(reply, "login"); !status) return status;
    amqp_channel_open(state_, kChannel);
    if (auto status = check_last("channel"); !status) return status;
    amqp_confirm_select(state_, kChannel);
    return check_last("confirms");
}

std::string AmqpConnection::real_name(const std::string& queue) const {
    for (const cluster::Queue& known : options_.topology.queues) {
        if (known.name == queue && known.temporary) return queue + "." + suffix_;
    }
    return queue;
}

AmqpStatus AmqpConnection::declare() {
    for (const cluster::Exchange& exchange : options_.topology.exchanges) {
        amqp_exchange_declare(state_, kChannel, bytes(exchange.name),
                              amqp_cstring_bytes(kind_text(exchange.kind)), 0, 1, 0, 0,
                              amqp_empty_table);
        if (auto status = check_last("exchange " + exchange.name); !status) return status;
    }
    for (const cluster::Queue& queue : options_.topology.queues) {
        if (auto status = declare(queue); !status) return status;
    }
    for (const cluster::Binding& binding : options_.topology.bindings) {
        const std::string queue = real_name(binding.queue);
        amqp_queue_bind(state_, kChannel, bytes(queue), bytes(binding.exchange), bytes(binding.key),
                        amqp_empty_table);
        if (auto status = check_last("binding of " + binding.queue); !status) return status;
    }
    return done();
}

AmqpStatus AmqpConnection::declare(const cluster::Queue& queue) {
    const std::string& dead = options_.topology.dead_letters;
    Table arguments;
    if (queue.temporary) {
        arguments.add("x-max-length", kTemporaryMessages);
    } else {
        arguments.add("x-queue-type", "quorum");
        if (queue.single_active_consumer) arguments.add_true("x-single-active-consumer");
        if (!dead.empty() && queue.name != dead) {
            arguments.add("x-dead-letter-exchange", dead);
            arguments.add("x-delivery-limit", kDeliveriesInVain);
        }
    }
    const std::string name = real_name(queue.name);
    amqp_queue_declare(state_, kChannel, bytes(name), 0, !queue.temporary, queue.temporary,
                       queue.temporary, arguments.get());
    return check_last("queue " + queue.name);
}

AmqpStatus AmqpConnection::publish(const AmqpLetter& letter) {
    const cluster::Publish& message = letter.message;
    const std::string id = std::to_string(message.id);
    std::string expiration;
    Table headers;
    amqp_basic_properties_t properties = {};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG;
    properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    properties.content_type = amqp_cstring_bytes("application/json");
    const auto set = [&](amqp_flags_t flag, amqp_bytes_t& member, std::string_view value) {
        if (value.empty()) return;
        properties._flags |= flag;
        member = bytes(value);
    };
    if (message.id != 0) set(AMQP_BASIC_MESSAGE_ID_FLAG, properties.message_id, id);
    set(AMQP_BASIC_REPLY_TO_FLAG, properties.reply_to, message.reply_to);
    set(AMQP_BASIC_CORRELATION_ID_FLAG, properties.correlation_id, message.correlation_id);
    if (message.expiration) {
        expiration = std::to_string(std::max<int64_t>(*message.expiration / 1ms, 0));
        set(AMQP_BASIC_EXPIRATION_FLAG, properties.expiration, expiration);
    }
    if (!letter.reason.empty()) {
        headers.add("x-parley-reason", letter.reason);
        headers.add("x-parley-queue", letter.dead_queue);
    }
    if (!message.traceparent.empty()) headers.add(kTraceparent, message.traceparent);
    if (headers.size() > 0) {
        properties._flags |= AMQP_BASIC_HEADERS_FLAG;
        properties.headers = headers.get();
    }
    const int status =
        amqp_basic_publish(state_, kChannel, bytes(message.exchange), bytes(message.key),
                           message.mandatory, 0, &properties, bytes(message.body));
    if (status != AMQP_STATUS_OK) return Err{failed(status, "connection lost")};
    return done();
}

AmqpStatus AmqpConnection::acknowledge(uint64_t number) {
    const int status = amqp_basic_ack(state_, kChannel, number, 0);
    if (status != AMQP_STATUS_OK) return Err{failed(status, "connection lost")};
    return done();
}

AmqpStatus AmqpConnection::consume(const std::string& queue, uint16_t prefetch) {
    amqp_basic_qos(state_, kChannel, 0, prefetch, 0);
    if (auto status = check_last("prefetch"); !status) return status;
    const std::string name = real_name(queue);
    amqp_basic_consume(state_, kChannel, bytes(name), bytes(queue), 0, prefetch == 0, 0,
                       amqp_empty_table);
    return check_last("consuming " + queue);
}

AmqpStatus AmqpConnection::cancel(const std::string& queue) {
    amqp_basic_cancel(state_, kChannel, bytes(queue));
    return check_last("cancelling " + queue);
}

void AmqpConnection::close() {
    amqp_connection_close(state_, AMQP_REPLY_SUCCESS);
}

}  // namespace parley::shell
