#include <utility>

#include "controller/workers/pipe_codec.h"
#include "flatbuffers/pipe_generated.h"

namespace parley::controller::workers {

namespace {

namespace fb = flatbuffers;
using Typed = std::pair<pipe::RequestBody, fb::Offset<void>>;

// Writes one body into the builder and says which member of the union it is.
class BodyWriter {
public:
    explicit BodyWriter(fb::FlatBufferBuilder& builder) : b_(builder) {}

    Typed operator()(const Hello& r) {
        const auto name = b_.CreateString(r.name);
        return typed(pipe::CreateHello(b_, pipe_version().major, pipe_version().minor, name));
    }
    Typed operator()(const CreateRouter& r) {
        const auto app_data = bytes(r.app_data);
        const auto trace = r.trace.empty() ? 0 : b_.CreateString(r.trace);
        return typed(pipe::CreateCreateRouter(b_, r.router, app_data, trace));
    }
    Typed operator()(const CloseRouter& r) { return typed(pipe::CreateCloseRouter(b_, r.router)); }
    Typed operator()(const CreateTransport& r) {
        const auto app_data = bytes(r.app_data);
        return typed(pipe::CreateCreateTransport(b_, r.router, r.transport, app_data));
    }
    Typed operator()(const ConnectTransport& r) {
        std::vector<fb::Offset<pipe::Fingerprint>> fingerprints;
        for (const Fingerprint& print : r.fingerprints) {
            const auto algorithm = b_.CreateString(print.algorithm);
            const auto value = b_.CreateString(print.value);
            fingerprints.push_back(pipe::CreateFingerprint(b_, algorithm, value));
        }
        return typed(pipe::CreateConnectTransport(b_, r.transport,
                                                  static_cast<pipe::DtlsRole>(r.remote_role),
                                                  b_.CreateVector(fingerprints)));
    }
    Typed operator()(const RestartIce& r) { return typed(pipe::CreateRestartIce(b_, r.transport)); }
    Typed operator()(const CloseTransport& r) {
        return typed(pipe::CreateCloseTransport(b_, r.transport));
    }
    Typed operator()(const SetRouterAppData& r) {
        const auto app_data = bytes(r.app_data);
        return typed(pipe::CreateSetRouterAppData(b_, r.router, app_data));
    }
    Typed operator()(const SetTransportAppData& r) {
        const auto app_data = bytes(r.app_data);
        return typed(pipe::CreateSetTransportAppData(b_, r.transport, app_data));
    }
    Typed operator()(const Produce& r) {
        const SendParameters& p = r.parameters;
        std::vector<fb::Offset<pipe::Encoding>> encodings;
        for (const Encoding& encoding : p.encodings) {
            const auto rid = b_.CreateString(encoding.rid);
            encodings.push_back(pipe::CreateEncoding(b_, encoding.ssrc, rid));
        }
        const auto mid = b_.CreateString(p.mid);
        const auto all = b_.CreateVector(encodings);
        const auto extensions = extension_ids(p.header_extensions);
        const auto cname = b_.CreateString(p.cname);
        const auto app_data = bytes(r.app_data);
        return typed(pipe::CreateProduce(b_, r.transport, r.producer, pipe::Kind::Audio,
                                         p.payload_type, p.clock_rate, mid, all, extensions, cname,
                                         r.paused, app_data, r.csrc));
    }
    Typed operator()(const CloseProducer& r) {
        return typed(pipe::CreateCloseProducer(b_, r.producer));
    }
    Typed operator()(const PauseProducer& r) {
        return typed(pipe::CreatePauseProducer(b_, r.producer, r.paused));
    }
    Typed operator()(const Consume& r) {
        const auto mid = b_.CreateString(r.mid);
        const auto extensions = extension_ids(r.header_extensions);
        const auto cname = b_.CreateString(r.cname);
        return typed(pipe::CreateConsume(b_, r.transport, r.consumer, r.producer, r.payload_type,
                                         mid, extensions, cname, true));
    }
    Typed operator()(const ConsumeSlots& r) {
        std::vector<fb::Offset<pipe::Slot>> slots;
        for (const Slot& slot : r.slots) {
            slots.push_back(pipe::CreateSlot(b_, slot.consumer, b_.CreateString(slot.mid)));
        }
        const auto all = b_.CreateVector(slots);
        const auto extensions = extension_ids(r.header_extensions);
        const auto cname = b_.CreateString(r.cname);
        const auto muted = b_.CreateVector(r.rules.muted);
        const auto pinned = b_.CreateVector(r.rules.pinned);
        return typed(pipe::CreateConsumeSlots(b_, r.transport, all, r.self_csrc, r.payload_type,
                                              extensions, cname, true, muted, pinned));
    }
    Typed operator()(const SetSlotRules& r) {
        const auto muted = b_.CreateVector(r.rules.muted);
        const auto pinned = b_.CreateVector(r.rules.pinned);
        return typed(pipe::CreateSetSlotRules(b_, r.transport, muted, pinned));
    }
    Typed operator()(const CloseConsumer& r) {
        return typed(pipe::CreateCloseConsumer(b_, r.consumer));
    }
    Typed operator()(const PauseConsumer& r) {
        return typed(pipe::CreatePauseConsumer(b_, r.consumer, r.paused));
    }
    Typed operator()(const ObserveLevels& r) {
        return typed(pipe::CreateCreateObserver(b_, r.router, r.observer,
                                                pipe::ObserverKind::AudioLevel, r.interval_ms,
                                                r.threshold_dbov, r.max_entries));
    }
    Typed operator()(const ObserveSpeaker& r) {
        return typed(pipe::CreateCreateObserver(b_, r.router, r.observer,
                                                pipe::ObserverKind::ActiveSpeaker, r.interval_ms));
    }
    Typed operator()(const GetSnapshot&) { return typed(pipe::CreateGetSnapshot(b_)); }
    Typed operator()(const GetWorkerStats&) { return typed(pipe::CreateGetWorkerStats(b_)); }
    Typed operator()(const GetTransportStats& r) {
        return typed(pipe::CreateGetTransportStats(b_, r.transport));
    }
    Typed operator()(const CreatePipe& r) {
        return typed(pipe::CreateCreatePipe(b_, r.pipe, r.repair, bytes(r.app_data)));
    }
    Typed operator()(const ConnectPipe& r) {
        const auto ip = b_.CreateString(r.ip);
        const auto key = bytes(r.key);
        const auto salt = bytes(r.salt);
        return typed(pipe::CreateConnectPipe(b_, r.pipe, r.listen, ip, r.port, key, salt, r.version,
                                             r.capabilities));
    }
    Typed operator()(const ClosePipe& r) { return typed(pipe::CreateClosePipe(b_, r.pipe)); }
    Typed operator()(const PipeConsume& r) {
        return typed(pipe::CreatePipeConsume(b_, r.router, r.pipe, r.consumer, r.producer, r.paused,
                                             bytes(r.app_data)));
    }
    Typed operator()(const PipeProduce& r) {
        return typed(pipe::CreatePipeProduce(b_, r.router, r.pipe, r.producer, r.ssrc, r.rtx_ssrc,
                                             r.payload_type, r.clock_rate, r.csrc, r.paused,
                                             bytes(r.app_data)));
    }
    Typed operator()(const SetPipeRule& r) {
        const auto always = b_.CreateVector(r.rule.always);
        return typed(pipe::CreateSetPipeRule(b_, r.router, r.pipe, r.rule.loudest, always));
    }
    Typed operator()(const GetPipeStats& r) { return typed(pipe::CreateGetPipeStats(b_, r.pipe)); }
    Typed operator()(const Shutdown&) { return typed(pipe::CreateShutdown(b_)); }

private:
    template <typename T>
    static Typed typed(fb::Offset<T> offset) {
        constexpr pipe::RequestBody kType = pipe::RequestBodyTraits<T>::enum_value;
        return {kType, offset.Union()};
    }

    fb::Offset<fb::Vector<uint8_t>> bytes(const std::string& text) {
        return b_.CreateVector(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    }

    fb::Offset<fb::Vector<const pipe::HeaderExtensionId*>> extension_ids(
        const std::vector<HeaderExtensionId>& ids) {
        std::vector<pipe::HeaderExtensionId> structs;
        for (const auto& [extension, id] : ids) {
            structs.emplace_back(static_cast<pipe::HeaderExtension>(extension), id);
        }
        return b_.CreateVectorOfStructs(structs);
    }

    fb::FlatBufferBuilder& b_;
};

}  // namespace

PipeVersion pipe_version() {
    return {kPipeMajor, static_cast<uint16_t>(pipe::MinorVersion::Current)};
}

std::vector<uint8_t> write_requests(std::span<const Request> requests) {
    fb::FlatBufferBuilder builder(1024);
    BodyWriter writer(builder);
    std::vector<fb::Offset<pipe::Request>> offsets;
    offsets.reserve(requests.size());
    for (const Request& request : requests) {
        const auto [type, body] = std::visit(writer, request.body);
        offsets.push_back(pipe::CreateRequest(builder, request.id, type, body));
    }
    const auto all = builder.CreateVector(offsets);
    builder.Finish(pipe::CreateFrame(builder, all));
    return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

}  // namespace parley::controller::workers
