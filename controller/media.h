#pragma once

#include <cstdint>
#include <string>
#include <vector>

// The words of ORTC that rooms, signalling and workers share, without the wire of any of them.
namespace parley::controller {

// In the order of flatbuffers/pipe.fbs.
enum class HeaderExtension : uint8_t {
    Mid,
    RtpStreamId,
    AudioLevel,
    AbsSendTime,
    TransportSequenceNumber,
};

struct HeaderExtensionId {
    HeaderExtension extension;
    uint8_t id;
    bool operator==(const HeaderExtensionId&) const = default;
};

enum class DtlsRole : uint8_t { Auto, Client, Server };

struct Fingerprint {
    std::string algorithm;  // "sha-256"
    std::string value;      // "AB:CD:..."
};

struct IceParameters {
    std::string username_fragment;
    std::string password;
};

struct IceCandidate {
    std::string foundation;
    uint32_t priority = 0;
    std::string ip;
    uint16_t port = 0;
    bool tcp = false;  // passive (RFC 6544); else UDP
};

// What a transport tells its client, so that the client can reach it.
struct TransportParameters {
    IceParameters ice;
    std::vector<IceCandidate> candidates;
    std::vector<Fingerprint> fingerprints;
};

struct Encoding {
    uint32_t ssrc = 0;  // 0: none
    std::string rid;    // "": none
};

// What a client sends, as far as a worker has to know it.
struct SendParameters {
    uint8_t payload_type = 0;
    uint32_t clock_rate = 0;
    std::string mid;  // "": none
    std::vector<Encoding> encodings;
    std::vector<HeaderExtensionId> header_extensions;
    std::string cname;
};

// Of the voices spoken into a router, which go into a pipe.
struct PipeRule {
    uint8_t loudest = 0;           // so many; 0: all
    std::vector<uint32_t> always;  // and these; csrcs, in their order
    bool operator==(const PipeRule&) const = default;
};

// What a client can receive, of what routers here can carry.
struct ReceiveAbility {
    bool opus = false;
    std::vector<HeaderExtension> header_extensions;
};

}  // namespace parley::controller
