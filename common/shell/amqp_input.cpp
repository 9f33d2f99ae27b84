#include "common/shell/amqp_connection.h"

// The half of a connection that reads.
namespace parley::shell {

namespace {

using Read = base::Result<std::optional<AmqpInput>, AmqpFailure>;

constexpr timeval kNow{0, 0};

std::string text(amqp_bytes_t bytes) {
    return {static_cast<const char*>(bytes.bytes), bytes.len};
}

AmqpFailure lost(const std::string& why) {
    return {"connection lost: " + why};
}

// "" when there is none, or it is no text.
std::string header_of(const amqp_basic_properties_t& properties, std::string_view name) {
    if (!(properties._flags & AMQP_BASIC_HEADERS_FLAG)) return "";
    for (int i = 0; i < properties.headers.num_entries; ++i) {
        const amqp_table_entry_t& entry = properties.headers.entries[i];
        if (text(entry.key) != name) continue;
        return entry.value.kind == AMQP_FIELD_KIND_UTF8 ? text(entry.value.value.bytes) : "";
    }
    return "";
}

cluster::Delivery delivery_of(const amqp_envelope_t& envelope) {
    const amqp_basic_properties_t& properties = envelope.message.properties;
    cluster::Delivery delivery;
    delivery.queue = text(envelope.consumer_tag);
    delivery.key = text(envelope.routing_key);
    delivery.body = text(envelope.message.body);
    if (properties._flags & AMQP_BASIC_REPLY_TO_FLAG) delivery.reply_to = text(properties.reply_to);
    if (properties._flags & AMQP_BASIC_CORRELATION_ID_FLAG) {
        delivery.correlation_id = text(properties.correlation_id);
    }
    delivery.traceparent = header_of(properties, kTraceparent);
    delivery.redelivered = envelope.redelivered != 0;
    return delivery;
}

}  // namespace

Read AmqpConnection::read() {
    amqp_maybe_release_buffers(state_);
    amqp_envelope_t envelope;
    const amqp_rpc_reply_t reply = amqp_consume_message(state_, &envelope, &kNow, 0);
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
        AmqpArrival arrival{envelope.delivery_tag, delivery_of(envelope)};
        amqp_destroy_envelope(&envelope);
        return std::optional<AmqpInput>(std::move(arrival));
    }
    if (reply.reply_type != AMQP_RESPONSE_LIBRARY_EXCEPTION) {
        return base::Err{check(reply, "connection lost").error()};
    }
    if (reply.library_error == AMQP_STATUS_TIMEOUT) return std::optional<AmqpInput>();
    if (reply.library_error == AMQP_STATUS_UNEXPECTED_STATE) return read_frame();
    return base::Err{lost(amqp_error_string2(reply.library_error))};
}

Read AmqpConnection::read_frame() {
    amqp_frame_t frame;
    const int status = amqp_simple_wait_frame_noblock(state_, &frame, &kNow);
    if (status != AMQP_STATUS_OK) return base::Err{lost(amqp_error_string2(status))};
    if (frame.frame_type != AMQP_FRAME_METHOD) return base::Err{lost("a frame out of place")};
    const amqp_method_t& method = frame.payload.method;
    switch (method.id) {
        case AMQP_BASIC_ACK_METHOD: {
            const auto* ack = static_cast<amqp_basic_ack_t*>(method.decoded);
            return std::optional<AmqpInput>(
                AmqpConfirm{ack->delivery_tag, ack->multiple != 0, true});
        }
        case AMQP_BASIC_NACK_METHOD: {
            const auto* nack = static_cast<amqp_basic_nack_t*>(method.decoded);
            return std::optional<AmqpInput>(
                AmqpConfirm{nack->delivery_tag, nack->multiple != 0, false});
        }
        case AMQP_BASIC_RETURN_METHOD: return read_return();
        case AMQP_BASIC_CANCEL_METHOD: {
            const auto* cancel = static_cast<amqp_basic_cancel_t*>(method.decoded);
            return base::Err{lost("the broker took " + text(cancel->consumer_tag) + " away")};
        }
        case AMQP_CHANNEL_CLOSE_METHOD:
            return base::Err{
                lost(text(static_cast<amqp_channel_close_t*>(method.decoded)->reply_text))};
        case AMQP_CONNECTION_CLOSE_METHOD:
            return base::Err{
                lost(text(static_cast<amqp_connection_close_t*>(method.decoded)->reply_text))};
        default: return base::Err{lost("a method out of place")};
    }
}

Read AmqpConnection::read_return() {
    amqp_message_t message;
    const amqp_rpc_reply_t reply = amqp_read_message(state_, 1, &message, 0);
    if (auto status = check(reply, "connection lost"); !status) return base::Err{status.error()};
    std::string id;
    if (message.properties._flags & AMQP_BASIC_MESSAGE_ID_FLAG) {
        id = text(message.properties.message_id);
    }
    amqp_destroy_message(&message);
    return std::optional<AmqpInput>(AmqpReturn{std::move(id)});
}

}  // namespace parley::shell
