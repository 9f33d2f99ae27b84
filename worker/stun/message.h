#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/base/bytes.h"
#include "worker/limits.h"

namespace parley::stun {

enum class Class : uint8_t { Request, Indication, Success, Error };

constexpr uint16_t kBinding = 1;
constexpr uint32_t kMagicCookie = 0x2112a442;
constexpr size_t kHeaderBytes = 20;
constexpr size_t kIntegrityBytes = 20;  // the value of a MESSAGE-INTEGRITY: one SHA-1

using TransactionId = std::array<uint8_t, 12>;

// The attributes that Parley reads or writes. RFC 8489 §18.3, RFC 8445 §16.1.
enum class Attribute : uint16_t {
    MappedAddress = 0x0001,
    Username = 0x0006,
    MessageIntegrity = 0x0008,
    ErrorCode = 0x0009,
    UnknownAttributes = 0x000a,
    XorMappedAddress = 0x0020,
    Priority = 0x0024,
    UseCandidate = 0x0025,
    Fingerprint = 0x8028,
    IceControlled = 0x8029,
    IceControlling = 0x802a,
};

// An address as a socket knows it: IPv4 in its mapped form ::ffff:a.b.c.d. RFC 4291 §2.5.5.2.
struct MappedAddress {
    std::array<uint8_t, 16> ip{};
    uint16_t port = 0;

    bool operator==(const MappedAddress&) const = default;
};

// Types of comprehension-required attributes that were not understood: the first few.
struct UnknownTypes {
    std::array<uint16_t, limits::kStunUnknownAttributes> types{};
    size_t count = 0;

    std::span<const uint16_t> span() const { return std::span(types).first(count); }
    void add(uint16_t type) { if (count < types.size()) types[count++] = type; }
};

// One STUN message whose structure holds. Of an attribute that appears more than once the first
// counts (RFC 8489 §14). All bytes are borrowed.
struct MessageView {
    base::Bytes bytes;  // the whole message
    Class message_class = Class::Request;
    uint16_t method = 0;
    TransactionId transaction_id{};

    std::optional<std::string_view> username;
    std::optional<uint32_t> priority;
    bool use_candidate = false;
    std::optional<uint64_t> ice_controlling;  // the tie-breaker
    std::optional<uint64_t> ice_controlled;
    std::optional<uint16_t> error_code;       // 300 to 699
    std::optional<MappedAddress> xor_mapped_address;
    UnknownTypes unknown;

    std::optional<size_t> integrity_at;    // where the attribute starts in `bytes`
    std::optional<size_t> fingerprint_at;
};

// Reads one datagram as a STUN message: structure only, whoever sent it. A FINGERPRINT must be
// last and right when it is there. What stands between MESSAGE-INTEGRITY and FINGERPRINT is
// ignored, since nobody vouches for it. RFC 8489 §5, §14.5, §14.7.
std::optional<MessageView> parse_message(base::Bytes datagram);

// The USERNAME of a binding request, by a walk over the attributes before it and no sums: cheap
// enough to find out whom a datagram is for. Nothing if it is anything else. The rest of the
// message may still be malformed.
std::optional<std::string_view> username_of_request(base::Bytes datagram);

}  // namespace parley::stun
