#include "common/cluster/timestamps.h"
#include "common/cluster/wire.h"

namespace parley::cluster {

namespace {

constexpr size_t kRefusalBytes = 4 * 1024;

// Nothing for an answer that is ok.
base::Result<std::optional<Refusal>, std::string> read_outcome(Json root) {
    JsonFields fields(root, "answer");
    const bool ok = fields.flag("ok");
    std::optional<Refusal> refusal;
    if (fields.ok() && !ok) {
        JsonFields error(fields.object("error"), "answer.error");
        const auto code = static_cast<uint16_t>(error.number("code", 599));
        if (code < 400) error.fail("code", "400 to 599");
        refusal = Refusal{code, std::string(error.text("reason", kRefusalBytes))};
        if (fields.ok() && !error.ok()) return base::Err{error.error()};
    }
    if (!fields.ok()) return base::Err{fields.error()};
    return refusal;
}

}  // namespace

base::Result<Answer, std::string> parse_answer(std::string_view body) {
    const auto document = JsonDocument::parse(body, {.bytes = kAnswerBytes});
    if (!document) return base::Err{document.error()};
    auto refusal = read_outcome(document->root());
    if (!refusal) return base::Err{refusal.error()};
    if (*refusal) return Answer{std::move(*refusal)};
    return Answer{{}, document->root()["data"].dump()};
}

base::Result<std::optional<Refusal>, std::string> parse_outcome(std::string_view body) {
    const auto document = JsonDocument::parse(body, {.bytes = kAnswerBytes});
    if (!document) return base::Err{document.error()};
    return read_outcome(document->root());
}

base::Result<RoomAnswer, std::string> parse_room_answer(std::string_view body) {
    const auto document = JsonDocument::parse(body, {.bytes = kAnswerBytes});
    if (!document) return base::Err{document.error()};
    auto refusal = read_outcome(document->root());
    if (!refusal) return base::Err{refusal.error()};
    if (*refusal) return RoomAnswer{std::move(*refusal), {}};
    auto room = read_room_place(document->root()["data"]);
    if (!room) return base::Err{room.error()};
    return RoomAnswer{{}, std::move(*room)};
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

void write(JsonWriter& json, const PeerPlace& peer) {
    json.object()
        .text("room", peer.room)
        .text("peer", peer.peer)
        .text("name", peer.name)
        .text("server", peer.server);
    if (peer.worker) json.number("worker", *peer.worker);
    if (!peer.lender.empty()) json.text("lender", peer.lender);
    json.flag("joined", peer.joined)
        .flag("connected", peer.connected)
        .text("since", write_timestamp(peer.since))
        .end_object();
}

std::string write_peer_places(const std::vector<PeerPlace>& peers) {
    JsonWriter json;
    json.object().key("peers").array();
    for (const PeerPlace& peer : peers) write(json, peer);
    return json.end_array().end_object().take();
}

base::Result<std::vector<PeerPlace>, std::string> read_peer_places(Json data) {
    JsonFields answer(data, "data");
    const Json list = answer.array("peers", kPageMost);
    std::vector<PeerPlace> peers;
    for (size_t i = 0; i < list.size() && answer.ok(); ++i) {
        JsonFields fields(list[i], "peer");
        PeerPlace& peer = peers.emplace_back();
        peer.room = wire::id(fields, "room");
        peer.peer = wire::id(fields, "peer");
        peer.name = fields.text_or("name", kNameBytes, "");
        peer.server = wire::id(fields, "server");
        peer.lender = wire::id_or_nothing(fields, "lender");
        const uint64_t worker = fields.number_or("worker", kWorkersMost, kWorkersMost);
        if (worker < kWorkersMost) peer.worker = static_cast<uint32_t>(worker);
        peer.joined = fields.flag("joined");
        peer.connected = fields.flag("connected");
        peer.since = wire::instant(fields, "since");
        if (!fields.ok()) answer.fail("peers", "peers (" + fields.error() + ")");
    }
    if (!answer.ok()) return base::Err{answer.error()};
    return peers;
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
