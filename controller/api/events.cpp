#include "controller/api/events.h"

#include <cinttypes>
#include <cstdio>

#include "common/json/json.h"
#include "controller/views.h"

namespace parley::controller::api {

EventStream::EventStream(base::Random& random) {
    char prefix[20];
    std::snprintf(prefix, sizeof prefix, "%016" PRIx64 "-", random.u64());
    id_prefix_ = prefix;
}

void EventStream::on_connect(ConnectionId connection, std::string room) {
    listeners_.insert_or_assign(connection, std::move(room));
}

void EventStream::on_disconnect(ConnectionId connection) {
    listeners_.erase(connection);
}

Notice EventStream::on_event(const Event& event, Outputs& out) {
    Notice notice{id_prefix_ + std::to_string(++count_), event.room, nullptr};
    JsonWriter json;
    json.object()
        .text("id", notice.id)
        .text("type", event.type)
        .text("at", time_text(event.at))
        .text("room", event.room)
        .number("number", event.number)
        .raw("data", event.data.empty() ? "{}" : event.data)
        .end_object();
    notice.text = std::make_shared<const std::string>(json.take());
    for (const auto& [connection, room] : listeners_) {
        if (room.empty() || room == event.room) out.push_back(SendText{connection, *notice.text});
    }
    return notice;
}

}  // namespace parley::controller::api
