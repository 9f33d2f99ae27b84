#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "worker/dtls/fingerprint.h"

namespace parley::support {

// Refused by the worker, or no worker there.
struct WorkerError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct TransportCreated {
    std::string username_fragment;
    std::string password;
    std::string ip;  // of the first candidate
    uint16_t port;
    std::vector<dtls::Fingerprint> fingerprints;
};

// Header extension ids: 0 where there is none.
struct ExtensionIds {
    uint8_t mid = 0;
    uint8_t audio_level = 0;
    uint8_t abs_send_time = 0;
};

struct ProduceOptions {
    uint64_t transport;
    uint64_t producer;
    uint32_t ssrc;
    uint8_t payload_type;
    std::string mid;
    ExtensionIds extensions;
    uint32_t csrc = 0;  // names the speaker in slots; 0: never in one
};

struct ConsumeSlotsOptions {
    uint64_t transport;
    std::vector<uint64_t> consumers;
    uint32_t self_csrc;
    uint8_t payload_type;
    ExtensionIds extensions;
};

struct ConsumeOptions {
    uint64_t transport;
    uint64_t consumer;
    uint64_t producer;
    uint8_t payload_type;
    std::string mid;
    ExtensionIds extensions;
};

// One end of a pipe, as its worker made it.
struct PipeEnd {
    std::string ip;
    uint16_t port;
    std::vector<uint8_t> key, salt;
    uint16_t version;
    uint32_t capabilities;
};

// A producer's stream in a pipe: its SSRC there and that of its repair.
struct PipedStream {
    uint32_t ssrc;
    uint32_t rtx_ssrc;
};

struct PipeConsumeOptions {
    uint64_t router;
    uint64_t pipe;
    uint64_t consumer;
    uint64_t producer;
};

struct PipeProduceOptions {
    uint64_t router;
    uint64_t pipe;
    uint64_t producer;
    PipedStream stream;
    uint8_t payload_type;
    uint32_t csrc;  // as where it is spoken
};

struct WorkerCounts {
    uint64_t rtp_packets_received;
    uint64_t rtp_packets_sent;
    std::map<std::string, uint64_t> drops;  // those that happened
};

// Asks a worker over its control socket, and waits for each answer. Every call throws WorkerError
// when the worker refuses, goes away, or takes longer than ten seconds.
class WorkerClient {
public:
    // Waits for the socket to appear and says Hello.
    explicit WorkerClient(const std::string& socket);
    ~WorkerClient();

    void create_router(uint64_t router);
    TransportCreated create_transport(uint64_t router, uint64_t transport);
    // The remote side is the DTLS client.
    void connect_transport(uint64_t transport, std::span<const dtls::Fingerprint> remote);
    void close_transport(uint64_t transport);
    void produce(const ProduceOptions& options);
    uint32_t consume(const ConsumeOptions& options);  // the consumer's SSRC
    void consume_slots(const ConsumeSlotsOptions& options);
    PipeEnd create_pipe(uint64_t pipe);
    void connect_pipe(uint64_t pipe, const PipeEnd& remote);
    PipedStream pipe_consume(const PipeConsumeOptions& options);
    void pipe_produce(const PipeProduceOptions& options);
    void set_pipe_rule(uint64_t router, uint64_t pipe, uint8_t loudest);
    WorkerCounts counts();
    void shut_down();

private:
    class Connection;
    std::unique_ptr<Connection> connection_;
};

}  // namespace parley::support
