#include "controller/cluster/link_frames.h"

#include <array>
#include <utility>

#include "common/cluster/ids.h"
#include "common/json/json.h"

namespace parley::controller::clustering {

namespace {

constexpr size_t kKeyBytes = 256;
constexpr size_t kRemoteBytes = 64;
constexpr uint64_t kWorkerMost = 0xffff;

std::string id(JsonFields& in, std::string_view name) {
    const std::string_view text = in.text(name, 64);
    if (in.ok() && !cluster::is_id(text)) in.fail(name, cluster::kIdWanted);
    return std::string(text);
}

uint32_t version(JsonFields& in) {
    const uint64_t version = in.number("version", UINT32_MAX);
    if (version == 0) in.fail("version", "1 or more");
    return static_cast<uint32_t>(version);
}

uint64_t connection(JsonFields& in) {
    const uint64_t number = in.number("connection", kNumberMost);
    if (number == 0) in.fail("connection", "1 or more");
    return number;
}

std::optional<WorkerIndex> worker(JsonFields& in) {
    const uint64_t number = in.number_or("worker", kWorkerMost, kWorkerMost + 1);
    if (number > kWorkerMost) return std::nullopt;
    return static_cast<WorkerIndex>(number);
}

void read(JsonFields& in, LinkHello& frame) {
    frame.version = version(in);
    frame.from = id(in, "from");
    frame.to = id(in, "to");
    frame.key = in.text("key", kKeyBytes);
    frame.worker = worker(in);
}

void read(JsonFields& in, LinkWelcome& frame) {
    frame.version = version(in);
    frame.worker = worker(in);
}

void read(JsonFields& in, LinkOpen& frame) {
    frame.connection = connection(in);
    Admission& admission = frame.admission;
    admission.room = id(in, "room");
    admission.peer = id(in, "peer");
    JsonFields rights(in.object("rights"), "rights");
    admission.rights.publish = rights.flag("publish");
    admission.rights.subscribe = rights.flag("subscribe");
    admission.rights.data = rights.flag("data");
    if (!rights.ok()) in.fail("rights", "rights (" + rights.error() + ")");
    if (in.flag_or("numbered", false)) {
        admission.session = std::string(in.text_or("session", kSessionBytes, ""));
        admission.received = in.number_or("received", UINT64_MAX, 0);
    }
    admission.remote = in.text_or("remote", kRemoteBytes, "");
}

void read(JsonFields& in, LinkText& frame) {
    frame.connection = connection(in);
    frame.text = in.text("text", kTextBytes);
}

void read(JsonFields& in, LinkClose& frame) {
    frame.connection = connection(in);
    const uint64_t code = in.number("code", 4999);
    if (code < 1000) in.fail("code", "1000 to 4999");
    frame.code = static_cast<uint16_t>(code);
    frame.reason = in.text_or("reason", kCloseReasonBytes, "");
}

void read(JsonFields&, LinkPing&) {}

void write_worker(JsonWriter& out, const std::optional<WorkerIndex>& worker) {
    if (worker) out.number("worker", uint64_t{*worker});
}

void write_members(JsonWriter& out, const LinkHello& frame) {
    out.number("version", frame.version).text("from", frame.from).text("to", frame.to);
    out.text("key", frame.key);
    write_worker(out, frame.worker);
}

void write_members(JsonWriter& out, const LinkWelcome& frame) {
    out.number("version", frame.version);
    write_worker(out, frame.worker);
}

void write_members(JsonWriter& out, const LinkOpen& frame) {
    const Admission& admission = frame.admission;
    out.number("connection", frame.connection)
        .text("room", admission.room)
        .text("peer", admission.peer);
    out.key("rights")
        .object()
        .flag("publish", admission.rights.publish)
        .flag("subscribe", admission.rights.subscribe)
        .flag("data", admission.rights.data)
        .end_object();
    if (admission.session) {
        out.flag("numbered", true).text("session", *admission.session);
        out.number("received", admission.received);
    }
    out.text("remote", admission.remote);
}

void write_members(JsonWriter& out, const LinkText& frame) {
    out.number("connection", frame.connection).text("text", frame.text);
}

void write_members(JsonWriter& out, const LinkClose& frame) {
    out.number("connection", frame.connection).number("code", uint64_t{frame.code});
    if (!frame.reason.empty()) out.text("reason", frame.reason);
}

void write_members(JsonWriter&, const LinkPing&) {}

// In the order of the variant.
constexpr auto kTypes =
    std::to_array<std::string_view>({"hello", "welcome", "open", "text", "close", "ping"});
static_assert(kTypes.size() == std::variant_size_v<LinkFrame>);

template <size_t I>
LinkFrame read_as(JsonFields& in) {
    std::variant_alternative_t<I, LinkFrame> frame;
    read(in, frame);
    return frame;
}

using ReadFrame = LinkFrame (*)(JsonFields&);
template <size_t... I>
constexpr std::array<ReadFrame, sizeof...(I)> readers(std::index_sequence<I...>) {
    return {&read_as<I>...};
}
constexpr auto kReaders = readers(std::make_index_sequence<kTypes.size()>());

}  // namespace

base::Result<LinkFrame, std::string> parse_link_frame(std::string_view text) {
    const auto document = JsonDocument::parse(text, {.bytes = kLinkFrameBytes, .depth = 4});
    if (!document) return base::Err{document.error()};
    JsonFields in(document->root(), "frame");
    const std::string_view type = in.text("type", 16);
    if (!in.ok()) return base::Err{in.error()};
    for (size_t i = 0; i < kTypes.size(); ++i) {
        if (kTypes[i] != type) continue;
        LinkFrame frame = kReaders[i](in);
        if (!in.ok()) return base::Err{in.error()};
        return frame;
    }
    return base::Err{std::string("frame.type: there is no such frame")};
}

std::string write_link_frame(const LinkFrame& frame) {
    JsonWriter out;
    out.object().text("type", kTypes[frame.index()]);
    std::visit([&](const auto& one) { write_members(out, one); }, frame);
    return out.end_object().take();
}

}  // namespace parley::controller::clustering
