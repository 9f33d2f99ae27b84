#include "controller/signalling/protoo.h"

namespace parley::controller::signalling {

namespace {

constexpr uint64_t kMostId = (uint64_t{1} << 53) - 1;  // what a JavaScript number holds exactly
constexpr size_t kMethodBytes = 64;

}  // namespace

base::Result<Message, std::string> parse_message(const JsonDocument& document) {
    JsonFields in(document.root(), "message");
    Message message;
    const bool request = in.flag_or("request", false);
    const bool response = in.flag_or("response", false);
    const bool notification = in.flag_or("notification", false);
    if (request + response + notification != 1) {
        in.fail("request", "one of request, response, notification");
    }
    message.kind = request    ? MessageKind::Request
                   : response ? MessageKind::Response
                              : MessageKind::Notification;
    if (request || response) message.id = in.number("id", kMostId);
    if (request || notification) message.method = in.text("method", kMethodBytes);
    if (response) message.ok = in.flag_or("ok", false);
    message.data = document.root()["data"];
    if (!in.ok()) return base::Err{in.error()};
    return message;
}

std::string write_request(uint64_t id, std::string_view method, std::string_view data) {
    JsonWriter out;
    out.object().flag("request", true).number("id", id).text("method", method).raw("data", data);
    return out.end_object().take();
}

std::string write_response(uint64_t id, std::string_view data) {
    JsonWriter out;
    out.object().flag("response", true).number("id", id).flag("ok", true).raw("data", data);
    return out.end_object().take();
}

std::string write_refusal(uint64_t id, const Error& error) {
    JsonWriter out;
    out.object().flag("response", true).number("id", id).flag("ok", false);
    out.number("errorCode", uint64_t{static_cast<uint16_t>(error.code)});
    out.text("errorReason", error.reason);
    return out.end_object().take();
}

std::string write_notification(std::string_view method, std::string_view data) {
    JsonWriter out;
    out.object().flag("notification", true).text("method", method).raw("data", data);
    return out.end_object().take();
}

}  // namespace parley::controller::signalling
