#include "common/cluster/timestamps.h"
#include "common/cluster/wire.h"

namespace parley::cluster {

base::Result<Event, std::string> parse_event(std::string_view body) {
    const auto document = JsonDocument::parse(body, {.bytes = kEventBytes});
    if (!document) return base::Err{document.error()};
    JsonFields fields(document->root(), "event");
    Event event;
    event.type = wire::id(fields, "type");
    event.at = wire::instant(fields, "at");
    event.server = wire::id_or_nothing(fields, "server");
    event.room = wire::id_or_nothing(fields, "room");
    if (!event.room.empty()) {
        event.epoch = wire::epoch(fields);
        event.number = fields.number("number", kNumberMost);
    }
    const Json data = fields.object_or_nothing("data");
    if (data.present()) event.data = data.dump();
    if (!fields.ok()) return base::Err{fields.error()};
    return event;
}

std::string write(const Event& event) {
    JsonWriter json;
    json.object().text("type", event.type).text("at", write_timestamp(event.at));
    if (!event.server.empty()) json.text("server", event.server);
    if (!event.room.empty()) {
        json.text("room", event.room).number("epoch", event.epoch).number("number", event.number);
    }
    return json.raw("data", event.data).end_object().take();
}

}  // namespace parley::cluster
