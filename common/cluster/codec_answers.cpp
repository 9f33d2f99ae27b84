#include "common/cluster/timestamps.h"
#include "common/cluster/wire.h"

namespace parley::cluster {

namespace {

constexpr size_t kRefusalBytes = 4 * 1024;

}  // namespace

base::Result<Answer, std::string> parse_answer(std::string_view body) {
    const auto document = JsonDocument::parse(body, {.bytes = kAnswerBytes});
    if (!document) return base::Err{document.error()};
    JsonFields fields(document->root(), "answer");
    Answer answer;
    if (fields.flag("ok")) {
        answer.data = document->root()["data"].dump();
    } else {
        JsonFields error(fields.object("error"), "answer.error");
        const auto code = static_cast<uint16_t>(error.number("code", 599));
        if (code < 400) error.fail("code", "400 to 599");
        answer.refusal = Refusal{code, std::string(error.text("reason", kRefusalBytes))};
        if (fields.ok() && !error.ok()) return base::Err{error.error()};
    }
    if (!fields.ok()) return base::Err{fields.error()};
    return answer;
}

std::string write(const Answer& answer) {
    JsonWriter json;
    json.object().flag("ok", !answer.refusal.has_value());
    if (answer.refusal) {
        json.key("error").object().number("code", uint64_t{answer.refusal->code});
        json.text("reason", answer.refusal->reason.substr(0, kRefusalBytes)).end_object();
    } else {
        json.raw("data", answer.data);
    }
    return json.end_object().take();
}

void write(JsonWriter& json, const RoomPlace& room) {
    json.object()
        .text("room", room.room)
        .text("home", room.home)
        .number("epoch", room.epoch)
        .text("signalling", room.signalling)
        .number("peers", room.peers)
        .text("created", write_timestamp(room.created));
    write_room_options(json.key("options"), room.options);
    json.end_object();
}

base::Result<RoomPlace, std::string> read_room_place(Json data) {
    JsonFields fields(data, "room");
    RoomPlace room;
    room.room = wire::id(fields, "room");
    room.home = wire::id(fields, "home");
    room.epoch = wire::epoch(fields);
    room.signalling = wire::line(fields, "signalling", kAddressBytes);
    room.peers = static_cast<uint32_t>(fields.number("peers", UINT32_MAX));
    room.created = wire::instant(fields, "created");
    if (!fields.ok()) return base::Err{fields.error()};
    auto options = read_room_options(data["options"]);
    if (!options) return base::Err{options.error()};
    room.options = std::move(*options);
    return room;
}

}  // namespace parley::cluster
