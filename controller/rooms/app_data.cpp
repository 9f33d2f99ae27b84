#include "controller/rooms/app_data.h"

#include "common/json/json.h"

namespace parley::controller::rooms {

namespace {

constexpr size_t kTextBytes = 16 * 1024;
constexpr uint64_t kMostMicros = uint64_t{1} << 62;
constexpr uint64_t kMostId = ~uint64_t{0} >> 1;
constexpr uint64_t kMostWorker = 0xffff;
constexpr size_t kMostLoans = 256;
constexpr uint64_t kMostExtension = static_cast<uint64_t>(HeaderExtension::TransportSequenceNumber);

Instant instant(uint64_t micros) {
    return Instant::from_micros(static_cast<int64_t>(micros));
}

}  // namespace

std::string write_app_data(const Room& room) {
    JsonWriter out;
    out.object().text("room", room.id).number("created", room.created.micros());
    out.number("maxPeers", room.options.max_peers);
    out.number("emptyTimeout", int64_t{room.options.empty_timeout.count()});
    out.number("epoch", room.epoch).text("trace", room.trace).text("region", room.options.region);
    out.text("antiAffinity", room.options.anti_affinity);
    out.key("loans").array();
    for (const Router& router : room.routers) {
        if (router.loan.lender.empty()) continue;
        out.object().number("worker", router.worker).text("lender", router.loan.lender);
        out.number("theirs", router.loan.theirs).end_object();
    }
    out.end_array();
    return out.raw("metadata", room.options.metadata).end_object().take();
}

std::optional<RoomRecord> parse_room(std::string_view app_data) {
    const auto document = JsonDocument::parse(app_data);
    if (!document) return std::nullopt;
    JsonFields in(document->root());
    RoomRecord record;
    record.id = in.text("room", kTextBytes);
    record.created = instant(in.number("created", kMostMicros));
    record.options.max_peers = static_cast<uint32_t>(in.number("maxPeers", 0xffff'ffff));
    record.options.empty_timeout =
        base::Duration(static_cast<int64_t>(in.number("emptyTimeout", kMostMicros)));
    record.epoch = in.number_or("epoch", kMostMicros, 1);
    record.trace = in.text_or("trace", kTextBytes, "");
    record.options.region = in.text_or("region", kTextBytes, "");
    record.options.anti_affinity = in.text_or("antiAffinity", kTextBytes, "");
    record.options.metadata = document->root()["metadata"].dump();
    const Json loans = in.array_or_nothing("loans", kMostLoans);
    for (size_t i = 0; i < loans.size(); ++i) {
        JsonFields loan(loans[i]);
        const auto worker = static_cast<WorkerIndex>(loan.number("worker", kMostWorker));
        LentWorker lent{std::string(loan.text("lender", kTextBytes))};
        lent.theirs = static_cast<WorkerIndex>(loan.number("theirs", kMostWorker));
        if (!loan.ok()) return std::nullopt;
        record.loans.emplace(worker, std::move(lent));
    }
    if (!in.ok() || !valid_id(record.id)) return std::nullopt;
    return record;
}

std::string write_app_data(const Peer& peer, std::string_view session, const Transport& transport) {
    JsonWriter out;
    out.object().text("peer", peer.id).text("session", session);
    out.number("since", peer.since.micros());
    out.flag("publish", peer.rights.publish).flag("subscribe", peer.rights.subscribe);
    out.flag("data", peer.rights.data).flag("joined", peer.joined).flag("muted", peer.muted);
    out.number("csrc", peer.csrc).number("slots", peer.slots);
    out.text("name", peer.display_name).raw("device", peer.device);
    out.flag("opus", peer.ability.opus).key("extensions").array();
    for (const HeaderExtension extension : peer.ability.header_extensions) {
        out.number(static_cast<uint64_t>(extension));
    }
    out.end_array().flag("producing", transport.producing).flag("consuming", transport.consuming);
    return out.end_object().take();
}

std::optional<PeerRecord> parse_peer(std::string_view app_data) {
    const auto document = JsonDocument::parse(app_data);
    if (!document) return std::nullopt;
    JsonFields in(document->root());
    PeerRecord record;
    Peer& peer = record.peer;
    peer.id = in.text("peer", kTextBytes);
    record.session = in.text("session", kTextBytes);
    peer.since = instant(in.number("since", kMostMicros));
    peer.rights = {in.flag("publish"), in.flag("subscribe"), in.flag("data")};
    peer.joined = in.flag("joined");
    peer.muted = in.flag("muted");
    peer.csrc = static_cast<uint32_t>(in.number_or("csrc", 0x7fff'ffff, 0));
    peer.slots = static_cast<uint32_t>(in.number_or("slots", 8, 0));
    peer.display_name = in.text("name", kTextBytes);
    peer.device = document->root()["device"].dump();
    peer.ability.opus = in.flag("opus");
    const Json extensions = in.array("extensions", 16);
    for (size_t i = 0; i < extensions.size(); ++i) {
        const auto number = extensions[i].number();
        if (!number) return std::nullopt;
        if (*number > kMostExtension) continue;  // a later controller wrote it
        peer.ability.header_extensions.push_back(static_cast<HeaderExtension>(*number));
    }
    record.transport.producing = in.flag("producing");
    record.transport.consuming = in.flag("consuming");
    if (!in.ok() || !valid_id(peer.id)) return std::nullopt;
    peer.recovered = true;
    return record;
}

std::string write_app_data(const Producer& producer) {
    JsonWriter out;
    out.object().text("cname", producer.cname).raw("appData", producer.app_data);
    return out.end_object().take();
}

bool parse_producer(std::string_view app_data, Producer& producer) {
    const auto document = JsonDocument::parse(app_data);
    if (!document) return false;
    JsonFields in(document->root());
    producer.cname = in.text("cname", kTextBytes);
    producer.app_data = in.object("appData").dump();
    return in.ok();
}

std::string write_app_data(const Crossing& crossing) {
    JsonWriter out;
    out.object().number("consumer", crossing.consumer).number("producer", crossing.producer);
    return out.end_object().take();
}

std::optional<Crossing> parse_crossing(std::string_view app_data) {
    const auto document = JsonDocument::parse(app_data);
    if (!document) return std::nullopt;
    JsonFields in(document->root());
    const uint64_t consumer = in.number("consumer", kMostId),
                   producer = in.number("producer", kMostId);
    if (!in.ok()) return std::nullopt;
    return Crossing{consumer, producer, false, 0};
}

std::string write_app_data(const std::pair<WorkerIndex, WorkerIndex>& pipe) {
    JsonWriter out;
    out.object().number("first", pipe.first).number("second", pipe.second);
    return out.end_object().take();
}

std::optional<std::pair<WorkerIndex, WorkerIndex>> parse_pipe(std::string_view app_data) {
    const auto document = JsonDocument::parse(app_data);
    if (!document) return std::nullopt;
    JsonFields in(document->root());
    const auto first = static_cast<WorkerIndex>(in.number("first", kMostWorker));
    const auto second = static_cast<WorkerIndex>(in.number("second", kMostWorker));
    if (!in.ok() || first >= second) return std::nullopt;
    return std::pair(first, second);
}

}  // namespace parley::controller::rooms
