#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "controller/core.h"
#include "controller/media.h"

// What flatbuffers/pipe.fbs says, as plain structs: only pipe_codec.cpp knows FlatBuffers. Meanings
// are in the schema. Ids are numbers that the controller chose.
namespace parley::controller::workers {

constexpr uint16_t kPipeMajor = 1;

enum class Refusal : uint8_t {  // ErrorCode in the schema
    None,
    Malformed,
    NotFound,
    AlreadyExists,
    LimitReached,
    WrongState,
    NotSupported,
    Ssrc,
};

// --- requests

struct Hello {
    std::string name;
};
struct CreateRouter {
    uint64_t router;
    std::string app_data;
    std::string trace = {};
};
struct CloseRouter {
    uint64_t router;
};
struct CreateTransport {
    uint64_t router;
    uint64_t transport;
    std::string app_data;
};
struct ConnectTransport {
    uint64_t transport;
    DtlsRole remote_role;
    std::vector<Fingerprint> fingerprints;
};
struct RestartIce {
    uint64_t transport;
};
struct CloseTransport {
    uint64_t transport;
};
struct SetRouterAppData {
    uint64_t router;
    std::string app_data;
};
struct SetTransportAppData {
    uint64_t transport;
    std::string app_data;
};
struct Produce {
    uint64_t transport;
    uint64_t producer;
    SendParameters parameters;
    bool paused;
    std::string app_data;
    uint32_t csrc = 0;  // names the speaker in slots; 0: never in one
};
struct CloseProducer {
    uint64_t producer;
};
struct PauseProducer {
    uint64_t producer;
    bool paused;
};
struct Consume {  // paused, until its client is ready
    uint64_t transport;
    uint64_t consumer;
    uint64_t producer;
    uint8_t payload_type;
    std::string mid;
    std::vector<HeaderExtensionId> header_extensions;
    std::string cname;
};
struct CloseConsumer {
    uint64_t consumer;
};
struct PauseConsumer {
    uint64_t consumer;
    bool paused;
};
struct Slot {
    uint64_t consumer;
    std::string mid;
};
// Of csrcs.
struct SlotRules {
    std::vector<uint32_t> muted;
    std::vector<uint32_t> pinned;
};
struct ConsumeSlots {  // paused, until its client is ready
    uint64_t transport;
    std::vector<Slot> slots;
    uint32_t self_csrc;
    uint8_t payload_type;
    std::vector<HeaderExtensionId> header_extensions;
    std::string cname;
    SlotRules rules;
};
struct SetSlotRules {
    uint64_t transport;
    SlotRules rules;
};
struct ObserveLevels {
    uint64_t router;
    uint64_t observer;
    uint16_t interval_ms;
    int8_t threshold_dbov;
    uint16_t max_entries;
};
struct ObserveSpeaker {
    uint64_t router;
    uint64_t observer;
    uint16_t interval_ms;
};
struct CreatePipe {
    uint64_t pipe;
    bool repair;
    std::string app_data;
};
struct ConnectPipe {
    uint64_t pipe;
    uint8_t listen;  // ours, by its index in PipeCreated
    std::string ip;  // of the other worker
    uint16_t port;
    std::string key, salt;  // the rest as its PipeCreated said
    uint16_t version;
    uint32_t capabilities;
};
struct ClosePipe {
    uint64_t pipe;
};
struct PipeConsume {
    uint64_t router;
    uint64_t pipe;
    uint64_t consumer;
    uint64_t producer;
    bool paused;
    std::string app_data;
};
struct PipeProduce {
    uint64_t router;
    uint64_t pipe;
    uint64_t producer;
    uint32_t ssrc;
    uint32_t rtx_ssrc;
    uint8_t payload_type;
    uint32_t clock_rate;
    uint32_t csrc;
    bool paused;
    std::string app_data;
};
struct SetPipeRule {
    uint64_t router;
    uint64_t pipe;
    PipeRule rule;
};
struct GetPipeStats {
    uint64_t pipe;
};
struct GetSnapshot {};
struct GetWorkerStats {};
struct GetTransportStats {
    uint64_t transport;
};
struct Shutdown {};

using Body =
    std::variant<Hello, CreateRouter, CloseRouter, CreateTransport, ConnectTransport, RestartIce,
                 CloseTransport, SetRouterAppData, SetTransportAppData, Produce, CloseProducer,
                 PauseProducer, Consume, CloseConsumer, PauseConsumer, ObserveLevels,
                 ObserveSpeaker, GetSnapshot, GetWorkerStats, GetTransportStats, Shutdown,
                 CreatePipe, ConnectPipe, ClosePipe, PipeConsume, PipeProduce, GetPipeStats,
                 ConsumeSlots, SetSlotRules, SetPipeRule>;
struct Request {
    uint32_t id;
    Body body;
};

// --- replies

struct Done {};
struct HelloReply {
    uint16_t major = 0;
    uint16_t minor = 0;
    std::string worker_id;
    uint32_t pid = 0;
    uint32_t routers = 0;
};
struct TransportConnecting {
    DtlsRole local_role = DtlsRole::Auto;
};
struct IceRestarted {
    IceParameters ice;
};
struct Consumed {
    uint32_t ssrc = 0;
    bool producer_paused = false;
};
struct SlotsConsumed {
    std::vector<uint32_t> ssrcs;
};
struct ProducerSnapshot {
    uint64_t producer = 0;
    std::string mid;
    std::vector<Encoding> encodings;
    bool paused = false;
    std::string app_data;
    uint8_t payload_type = 0;
    uint32_t clock_rate = 0;
};
struct ConsumerSnapshot {
    uint64_t consumer = 0;
    uint64_t producer = 0;
    uint32_t ssrc = 0;
    std::string mid;
    bool paused = false;
};
struct SlotSnapshot {
    uint64_t consumer = 0;
    uint32_t ssrc = 0;
    std::string mid;
    bool paused = false;
    uint32_t csrc = 0;  // whose voice it carries; 0: nobody's
};
struct TransportSnapshot {
    uint64_t transport = 0;
    std::vector<ProducerSnapshot> producers;
    std::vector<ConsumerSnapshot> consumers;
    std::string app_data;
    std::vector<SlotSnapshot> slots;
    SlotRules rules;
};
enum class ObserverKind : uint8_t { AudioLevel, ActiveSpeaker };
struct ObserverSnapshot {
    uint64_t observer = 0;
    ObserverKind kind = ObserverKind::AudioLevel;
};
struct PipeConsumerSnapshot {
    uint64_t pipe = 0;
    uint64_t consumer = 0;
    uint64_t producer = 0;
    uint32_t ssrc = 0;
    uint32_t rtx_ssrc = 0;
    bool paused = false;
    std::string app_data;
};
struct PipeProducerSnapshot {
    uint64_t pipe = 0;
    uint64_t producer = 0;
    uint32_t ssrc = 0;
    uint32_t rtx_ssrc = 0;
    uint8_t payload_type = 0;
    uint32_t clock_rate = 0;
    uint32_t csrc = 0;
    bool paused = false;
    std::string app_data;
};
struct RouterSnapshot {
    uint64_t router = 0;
    std::vector<TransportSnapshot> transports;
    std::vector<ObserverSnapshot> observers;
    std::string app_data;
    std::vector<PipeConsumerSnapshot> pipe_consumers;
    std::vector<PipeProducerSnapshot> pipe_producers;
};
enum class PipeState : uint8_t { New, Connecting, Connected, Silent };
struct PipeSnapshot {
    uint64_t pipe = 0;
    PipeState state = PipeState::New;
    std::string remote;
    std::string app_data;
};
struct Snapshot {
    std::vector<RouterSnapshot> routers;
    std::vector<PipeSnapshot> pipes;
};
struct StreamStats {
    uint64_t id = 0;
    uint32_t ssrc = 0;
    uint64_t packets = 0;
    uint64_t bytes = 0;
    int64_t packets_lost = 0;
    float fraction_lost = 0;
    float jitter_ms = 0;
    float round_trip_ms = -1;
    int8_t audio_level_dbov = 1;
};
enum class IceState : uint8_t { New, Connected, Completed, Disconnected, Closed };
enum class DtlsState : uint8_t { New, Handshaking, Connected, Failed, Closed };
struct TransportStats {
    IceState ice = IceState::New;
    DtlsState dtls = DtlsState::New;
    std::string remote;
    std::string srtp_profile;
    uint64_t packets_received = 0, bytes_received = 0, packets_sent = 0, bytes_sent = 0;
    std::vector<StreamStats> producers, consumers;
};
struct Listen {
    std::string ip;
    std::string announced;  // what others are told instead; "": the IP itself
    uint16_t port = 0;
};
struct PipeCreated {
    std::vector<Listen> listens;
    std::string key, salt;
    uint16_t version = 0;
    uint32_t capabilities = 0;
};
struct PipeConsumed {
    uint32_t ssrc = 0;
    uint32_t rtx_ssrc = 0;
    bool producer_paused = false;
};
struct PipeStats {
    PipeState state = PipeState::New;
    std::string remote;
    uint16_t version = 0;
    float round_trip_ms = -1;
    uint64_t packets_received = 0, bytes_received = 0, packets_sent = 0, bytes_sent = 0;
    uint64_t retransmissions_sent = 0, missing = 0, repaired = 0;
    std::vector<StreamStats> producers, consumers;
};
// Of WorkerInfo a worker fills the counters; index, state, pid and restarts are not its to say.
using ReplyBody = std::variant<std::monostate, Done, HelloReply, TransportParameters,
                               TransportConnecting, IceRestarted, Consumed, Snapshot, WorkerInfo,
                               TransportStats, PipeCreated, PipeConsumed, PipeStats, SlotsConsumed>;
struct Reply {
    uint32_t id = 0;
    Refusal refusal = Refusal::None;
    std::string reason;
    ReplyBody body;  // monostate: none, or of a later version
};

// --- notifications

struct IceStateChanged {
    uint64_t transport = 0;
    IceState state = IceState::New;
    std::string remote;
};
struct DtlsStateChanged {
    uint64_t transport = 0;
    DtlsState state = DtlsState::New;
    std::string reason;
};
struct Volume {
    uint64_t producer = 0;
    int8_t dbov = 0;
};
struct Volumes {
    uint64_t observer = 0;
    std::vector<Volume> volumes;  // loudest first; empty: silence
};
struct DominantSpeaker {
    uint64_t observer = 0;
    uint64_t producer = 0;
};
struct PipeStateChanged {
    uint64_t pipe = 0;
    PipeState state = PipeState::New;
};
struct SlotSpeaker {
    uint64_t transport = 0;
    uint64_t consumer = 0;
    uint32_t csrc = 0;  // 0: nobody
};
struct SlotSpeakers {
    std::vector<SlotSpeaker> slots;
};
struct RouterOpened {
    uint64_t router = 0;
    std::string trace;  // trace-id
};
using Notification = std::variant<IceStateChanged, DtlsStateChanged, Volumes, DominantSpeaker,
                                  PipeStateChanged, SlotSpeakers, RouterOpened>;

struct Frame {
    std::vector<Reply> replies;
    std::vector<Notification> notifications;
};

}  // namespace parley::controller::workers
