#include "worker/engine/control.h"

#include "worker/engine/control_desk.h"

namespace parley::engine {

std::vector<Offset<pipe::Listen>> listens_of(Desk& desk) {
    std::vector<Offset<pipe::Listen>> listens;
    for (const Listen& listen : desk.worker.media.listens()) {
        listens.push_back(pipe::CreateListenDirect(desk.fbb, net::ip_text(listen.address).c_str(),
                                                   listen.announced.c_str(), listen.address.port));
    }
    return listens;
}

namespace {

using base::Instant;
using base::Unit;
using router::refused;

constexpr int kVerifyDepth = 16;
constexpr size_t kNameBytes = 256;

// The schema and the cores number their enumerations alike, so that a cast carries them over.
template <typename Wire, typename Own>
constexpr bool alike(Wire wire, Own own) {
    return static_cast<int>(wire) == static_cast<int>(own);
}
static_assert(alike(pipe::IceState::New, ice::State::New));
static_assert(alike(pipe::IceState::Connected, ice::State::Connected));
static_assert(alike(pipe::IceState::Completed, ice::State::Completed));
static_assert(alike(pipe::IceState::Disconnected, ice::State::Disconnected));
static_assert(alike(pipe::IceState::Closed, ice::State::Closed));
static_assert(alike(pipe::DtlsState::New, dtls::State::New));
static_assert(alike(pipe::DtlsState::Handshaking, dtls::State::Handshaking));
static_assert(alike(pipe::DtlsState::Connected, dtls::State::Connected));
static_assert(alike(pipe::DtlsState::Failed, dtls::State::Failed));
static_assert(alike(pipe::DtlsState::Closed, dtls::State::Closed));
static_assert(alike(pipe::HeaderExtension::Mid, rtp::Extension::Mid));
static_assert(alike(pipe::HeaderExtension::RtpStreamId, rtp::Extension::RtpStreamId));
static_assert(alike(pipe::HeaderExtension::AudioLevel, rtp::Extension::AudioLevel));
static_assert(alike(pipe::HeaderExtension::AbsSendTime, rtp::Extension::AbsSendTime));
static_assert(alike(pipe::HeaderExtension::TransportSequenceNumber,
                    rtp::Extension::TransportSequenceNumber));

pipe::ErrorCode code_of(Refusal why) {
    switch (why) {
        case Refusal::Malformed: return pipe::ErrorCode::Malformed;
        case Refusal::NotFound: return pipe::ErrorCode::NotFound;
        case Refusal::AlreadyExists: return pipe::ErrorCode::AlreadyExists;
        case Refusal::LimitReached: return pipe::ErrorCode::LimitReached;
        case Refusal::WrongState: return pipe::ErrorCode::WrongState;
        case Refusal::NotSupported: return pipe::ErrorCode::NotSupported;
        case Refusal::Ssrc: return pipe::ErrorCode::Ssrc;
    }
    return pipe::ErrorCode::Malformed;
}

Answer carry_out(const pipe::Hello& ask, Desk& desk) {
    const auto major = static_cast<uint16_t>(pipe::MajorVersion::Current);
    if (ask.major() != major) return refused(Refusal::NotSupported, "another major version");
    if (ask.name() && ask.name()->size() > kNameBytes) {
        return refused(Refusal::Malformed, "the name is too long");
    }
    desk.worker.owner = text_of(ask.name());
    const auto listens = listens_of(desk);
    return with(pipe::CreateHelloReplyDirect(
        desk.fbb, major, static_cast<uint16_t>(pipe::MinorVersion::Current), desk.worker.id.c_str(),
        desk.worker.pid, &listens, static_cast<uint32_t>(desk.worker.media.routers().size())));
}

Answer carry_out(const pipe::Shutdown&, Desk& desk) {
    return desk.done(Unit{});
}

Answer answer_to(const pipe::Request& request, Desk& desk) {
    // The verifier lets a union through that names a type and has no body.
    if (!request.body()) return refused(Refusal::Malformed, "no body");
    switch (request.body_type()) {
#define PARLEY_CARRY_OUT(name) \
    case pipe::RequestBody::name: return carry_out(*request.body_as_##name(), desk)
        PARLEY_CARRY_OUT(Hello);
        PARLEY_CARRY_OUT(CreateRouter);
        PARLEY_CARRY_OUT(CloseRouter);
        PARLEY_CARRY_OUT(SetRouterAppData);
        PARLEY_CARRY_OUT(CreateTransport);
        PARLEY_CARRY_OUT(ConnectTransport);
        PARLEY_CARRY_OUT(RestartIce);
        PARLEY_CARRY_OUT(CloseTransport);
        PARLEY_CARRY_OUT(SetTransportAppData);
        PARLEY_CARRY_OUT(Produce);
        PARLEY_CARRY_OUT(CloseProducer);
        PARLEY_CARRY_OUT(PauseProducer);
        PARLEY_CARRY_OUT(Consume);
        PARLEY_CARRY_OUT(CloseConsumer);
        PARLEY_CARRY_OUT(PauseConsumer);
        PARLEY_CARRY_OUT(CreateObserver);
        PARLEY_CARRY_OUT(CloseObserver);
        PARLEY_CARRY_OUT(GetSnapshot);
        PARLEY_CARRY_OUT(GetWorkerStats);
        PARLEY_CARRY_OUT(GetTransportStats);
        PARLEY_CARRY_OUT(Shutdown);
        PARLEY_CARRY_OUT(ConsumeSlots);
        PARLEY_CARRY_OUT(SetSlotRules);
        PARLEY_CARRY_OUT(CreatePipe);
        PARLEY_CARRY_OUT(ConnectPipe);
        PARLEY_CARRY_OUT(ClosePipe);
        PARLEY_CARRY_OUT(PipeConsume);
        PARLEY_CARRY_OUT(PipeProduce);
        PARLEY_CARRY_OUT(GetPipeStats);
        PARLEY_CARRY_OUT(SetPipeRule);
#undef PARLEY_CARRY_OUT
        case pipe::RequestBody::NONE: break;
    }
    return refused(Refusal::NotSupported, "no such request");
}

Offset<pipe::Reply> write_reply(FlatBufferBuilder& fbb, uint32_t id, const Answer& answer) {
    if (answer) {
        return pipe::CreateReply(fbb, id, pipe::ErrorCode::None, 0, answer->type, answer->offset);
    }
    const std::string_view reason = answer.error().reason;
    const auto text = fbb.CreateString(reason.data(), reason.size());
    return pipe::CreateReply(fbb, id, code_of(answer.error().why), text);
}

std::vector<uint8_t> finish(FlatBufferBuilder& fbb, Offset<pipe::Frame> frame) {
    fbb.Finish(frame);
    return {fbb.GetBufferPointer(), fbb.GetBufferPointer() + fbb.GetSize()};
}

const pipe::Frame* read_frame(base::Bytes bytes) {
    flatbuffers::Verifier verifier(bytes.data(), bytes.size(), kVerifyDepth);
    if (!verifier.VerifyBuffer<pipe::Frame>(nullptr)) return nullptr;
    const auto* frame = flatbuffers::GetRoot<pipe::Frame>(bytes.data());
    if (!frame->requests() || frame->requests()->size() > limits::kRequestsPerFrame) return nullptr;
    return frame;
}

}  // namespace

Heard hear_frame(Instant now, base::Bytes bytes, bool greeted, const Worker& worker,
                 router::Turn& turn, std::vector<uint8_t>& reply) {
    const pipe::Frame* frame = read_frame(bytes);
    if (!frame) return Heard::Unreadable;
    FlatBufferBuilder fbb(1024);
    Desk desk{now, worker, turn, fbb};
    Heard heard = Heard::Answered;
    std::vector<Offset<pipe::Reply>> replies;
    for (const pipe::Request* request : *frame->requests()) {
        const bool hello = request->body_type() == pipe::RequestBody::Hello;
        if (hello == greeted) return Heard::Unreadable;
        const Answer answer = answer_to(*request, desk);
        replies.push_back(write_reply(fbb, request->id(), answer));
        if (hello && answer) greeted = true, heard = Heard::Greeted;
        if (request->body_type() == pipe::RequestBody::Shutdown) heard = Heard::Shutdown;
    }
    reply = finish(fbb, pipe::CreateFrameDirect(fbb, nullptr, &replies));
    return heard;
}

namespace {

struct NoticeWriter {
    FlatBufferBuilder& fbb;

    template <typename T>
    Offset<pipe::Notification> as(Offset<T> body) {
        return pipe::CreateNotification(fbb, pipe::NotificationBodyTraits<T>::enum_value,
                                        body.Union());
    }

    Offset<pipe::Notification> operator()(const router::IceStateChanged& notice) {
        return as(pipe::CreateIceStateChangedDirect(fbb, notice.transport,
                                                    static_cast<pipe::IceState>(notice.state),
                                                    notice.remote.c_str()));
    }
    Offset<pipe::Notification> operator()(const router::DtlsStateChanged& notice) {
        const std::string_view why = dtls::to_text(notice.why);
        const auto text = fbb.CreateString(why.data(), why.size());
        return as(pipe::CreateDtlsStateChanged(fbb, notice.transport,
                                               static_cast<pipe::DtlsState>(notice.state), text));
    }
    Offset<pipe::Notification> operator()(const router::Volumes& notice) {
        std::vector<Offset<pipe::Volume>> volumes;
        for (const router::Volume& volume : notice.loudest_first) {
            volumes.push_back(pipe::CreateVolume(fbb, volume.producer, volume.dbov));
        }
        return as(pipe::CreateVolumesDirect(fbb, notice.observer, &volumes));
    }
    Offset<pipe::Notification> operator()(const router::SlotSpeakers& notice) {
        std::vector<pipe::SlotSpeaker> slots;
        for (const router::SlotSpeaker& slot : notice.slots) {
            slots.emplace_back(slot.transport, slot.consumer, slot.csrc);
        }
        return as(pipe::CreateSlotSpeakersDirect(fbb, &slots));
    }
    Offset<pipe::Notification> operator()(const router::DominantSpeaker& notice) {
        return as(pipe::CreateDominantSpeaker(fbb, notice.observer, notice.producer));
    }
    Offset<pipe::Notification> operator()(const router::PipeStateChanged& notice) {
        const auto state = static_cast<pipe::PipeState>(notice.state);
        return as(pipe::CreatePipeStateChanged(fbb, notice.pipe, state));
    }
    Offset<pipe::Notification> operator()(const router::RouterOpened& notice) {
        return as(pipe::CreateRouterOpenedDirect(fbb, notice.router, notice.trace.c_str()));
    }
};

}  // namespace

std::vector<uint8_t> write_notices(const std::vector<router::Notice>& notices) {
    FlatBufferBuilder fbb(1024);
    std::vector<Offset<pipe::Notification>> all;
    for (const router::Notice& notice : notices) {
        all.push_back(std::visit(NoticeWriter{fbb}, notice));
    }
    return finish(fbb, pipe::CreateFrameDirect(fbb, nullptr, nullptr, &all));
}

}  // namespace parley::engine
