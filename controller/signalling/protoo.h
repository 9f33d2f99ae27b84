#pragma once

#include <string>
#include <string_view>

#include "common/json/json.h"
#include "controller/core.h"

// The frames of protoo: docs/signalling.md, Messages.
namespace parley::controller::signalling {

enum class MessageKind : uint8_t { Request, Response, Notification };

struct Message {
    MessageKind kind = MessageKind::Notification;
    uint64_t id = 0;          // requests and responses
    std::string_view method;  // requests and notifications
    bool ok = false;          // responses
    Json data;                // nothing when there is none
};

// The message borrows from the document. The error says what is wrong with it.
base::Result<Message, std::string> parse_message(const JsonDocument& document);

// `data` is one JSON value.
std::string write_request(uint64_t id, std::string_view method, std::string_view data);
std::string write_response(uint64_t id, std::string_view data);
std::string write_refusal(uint64_t id, const Error& error);
std::string write_notification(std::string_view method, std::string_view data);

}  // namespace parley::controller::signalling
