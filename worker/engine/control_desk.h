#pragma once

#include <string>
#include <vector>

#include "pipe_generated.h"
#include "worker/engine/control.h"

// What the carrying out of all kinds of requests shares. Only control*.cpp know FlatBuffers.
namespace parley::engine {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

struct Body {
    pipe::ReplyBody type = pipe::ReplyBody::NONE;
    Offset<void> offset = 0;
};
using Answer = Result<Body>;

template <typename T>
Answer with(Offset<T> body) {
    return Body{pipe::ReplyBodyTraits<T>::enum_value, body.Union()};
}

// What one request may touch.
struct Desk {
    base::Instant now;
    const Worker& worker;
    Turn& turn;
    FlatBufferBuilder& fbb;

    Answer done(const Status& status) {
        if (!status) return base::Err{status.error()};
        return with(pipe::CreateDone(fbb));
    }
};

// --- reading

inline std::string text_of(const flatbuffers::String* text) {
    return text ? text->str() : std::string();
}

inline router::AppData bytes_of(const flatbuffers::Vector<uint8_t>* bytes) {
    return bytes ? router::AppData(bytes->begin(), bytes->end()) : router::AppData();
}

template <typename T>
bool app_data_fits(const T& ask) {
    return !ask.app_data() || ask.app_data()->size() <= limits::kAppDataBytes;
}

inline std::vector<uint32_t> numbers_of(const flatbuffers::Vector<uint32_t>* wire) {
    return wire ? std::vector<uint32_t>(wire->begin(), wire->end()) : std::vector<uint32_t>();
}

constexpr std::string_view kAppDataTooLong = "app_data is too long";

using WireExtensions = flatbuffers::Vector<const pipe::HeaderExtensionId*>;

// Ids of extensions of a later version are passed over.
Result<router::HeaderExtensionIds> extensions_of(const WireExtensions* wire);
rtp::ExtensionIds consumer_extensions(const router::HeaderExtensionIds& ids);

std::vector<Offset<pipe::Listen>> listens_of(Desk& desk);

// --- carrying out: control_transports.cpp

Answer carry_out(const pipe::CreateRouter& ask, Desk& desk);
Answer carry_out(const pipe::CloseRouter& ask, Desk& desk);
Answer carry_out(const pipe::SetRouterAppData& ask, Desk& desk);
Answer carry_out(const pipe::CreateTransport& ask, Desk& desk);
Answer carry_out(const pipe::ConnectTransport& ask, Desk& desk);
Answer carry_out(const pipe::RestartIce& ask, Desk& desk);
Answer carry_out(const pipe::CloseTransport& ask, Desk& desk);
Answer carry_out(const pipe::SetTransportAppData& ask, Desk& desk);

// --- control_streams.cpp

Answer carry_out(const pipe::Produce& ask, Desk& desk);
Answer carry_out(const pipe::CloseProducer& ask, Desk& desk);
Answer carry_out(const pipe::PauseProducer& ask, Desk& desk);
Answer carry_out(const pipe::Consume& ask, Desk& desk);
Answer carry_out(const pipe::CloseConsumer& ask, Desk& desk);
Answer carry_out(const pipe::PauseConsumer& ask, Desk& desk);
Answer carry_out(const pipe::CreateObserver& ask, Desk& desk);
Answer carry_out(const pipe::CloseObserver& ask, Desk& desk);

// --- control_slots.cpp

Answer carry_out(const pipe::ConsumeSlots& ask, Desk& desk);
Answer carry_out(const pipe::SetSlotRules& ask, Desk& desk);

// --- control_pipes.cpp

Answer carry_out(const pipe::CreatePipe& ask, Desk& desk);
Answer carry_out(const pipe::ConnectPipe& ask, Desk& desk);
Answer carry_out(const pipe::ClosePipe& ask, Desk& desk);
Answer carry_out(const pipe::PipeConsume& ask, Desk& desk);
Answer carry_out(const pipe::PipeProduce& ask, Desk& desk);
Answer carry_out(const pipe::SetPipeRule& ask, Desk& desk);

// --- control_snapshot.cpp, control_stats.cpp

Answer carry_out(const pipe::GetSnapshot& ask, Desk& desk);
Answer carry_out(const pipe::GetWorkerStats& ask, Desk& desk);
Answer carry_out(const pipe::GetTransportStats& ask, Desk& desk);
Answer carry_out(const pipe::GetPipeStats& ask, Desk& desk);

}  // namespace parley::engine
