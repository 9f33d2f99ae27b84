#include "controller/messages.h"

#include <algorithm>

#include "common/json/json.h"
#include "controller/membership.h"
#include "controller/methods.h"
#include "controller/signalling/protoo.h"

namespace parley::controller {

namespace {

constexpr size_t kMessageBytes = 64 * 1024;
constexpr size_t kHeldMessages = 16;

// Answers to our requests are as many as we asked for; all else has to keep to a rate.
bool within_rate(Turn& turn, Member& member,
                 const base::Result<signalling::Message, std::string>& message) {
    if (message && message->kind == signalling::MessageKind::Response &&
        member.session.awaits(message->id)) {
        return true;
    }
    return member.session.rate().take(turn.now);
}

}  // namespace

void on_text(Turn& turn, ConnectionId connection, std::string_view text) {
    const auto* handle = turn.house.connections.find(connection);
    if (!handle) return;
    Member& member = *turn.house.members.find(*handle);
    if (text.size() > kMessageBytes) return drop_connection(turn, member, 4413, "too-large");
    const auto document = JsonDocument::parse(text, {.bytes = kMessageBytes});
    base::Result<signalling::Message, std::string> message =
        document ? signalling::parse_message(*document) : base::Err{document.error()};
    if (!within_rate(turn, member, message)) {
        return drop_connection(turn, member, 4429, "too-many-messages");
    }
    if (!message) {
        const Room& room = *turn.house.rooms.find(member.room);
        return log(turn, Level::Debug, "not a message: " + message.error(), room, member);
    }
    switch (message->kind) {
        case signalling::MessageKind::Request: return on_request(turn, member, *message);
        case signalling::MessageKind::Response: return on_response(turn, member, *message);
        case signalling::MessageKind::Notification: return;  // clients have none to give
    }
}

void hold_text(Turn& turn, ConnectionId connection, std::string_view text) {
    auto& held = turn.house.held;
    const auto found = std::find_if(held.begin(), held.end(), [&](const Held& client) {
        return client.connection == connection;
    });
    if (found == held.end()) return;
    if (text.size() > kMessageBytes || found->messages.size() >= kHeldMessages) {
        turn.out.push_back(CloseConnection{connection, 4429, "capacity"});
        held.erase(found);
        return;
    }
    found->messages.emplace_back(text);
}

}  // namespace parley::controller
