#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/base/bytes.h"
#include "worker/stun/message.h"

namespace parley::stun {

// Writes one STUN message into borrowed room, attribute after attribute. Once something did not
// fit, size() is 0. RFC 8489 §5, §14.
class MessageWriter {
public:
    MessageWriter(std::span<uint8_t> room, Class message_class, const TransactionId& id,
                  uint16_t method = kBinding);

    void attribute(uint16_t type, base::Bytes value);
    void attribute(Attribute type, base::Bytes value);
    void number(Attribute type, uint32_t value);
    void number(Attribute type, uint64_t value);
    void xor_mapped_address(const MappedAddress& address);
    void error_code(uint16_t code);  // 300 to 699; without a reason phrase
    void unknown_attributes(std::span<const uint16_t> types);

    // Vouches for all that was written before. Only FINGERPRINT may follow.
    void message_integrity(std::string_view password);
    void fingerprint();  // the last one

    size_t size() const { return out_.ok() ? out_.size() : 0; }

private:
    base::ByteWriter out_;
    TransactionId id_;
};

// A connectivity check, as a controlling agent sends it. RFC 8445 §7.1.1, §7.2.2.
struct BindingRequest {
    TransactionId transaction_id{};
    std::string_view username;  // "remote fragment:local fragment", seen from the sender
    std::string_view password;  // the remote one; empty: no MESSAGE-INTEGRITY
    uint32_t priority = 0;
    std::optional<uint64_t> ice_controlling;  // the tie-breaker
    std::optional<uint64_t> ice_controlled;
    bool use_candidate = false;
};

// Each returns how many bytes it wrote, 0 if there was too little room. All end in FINGERPRINT.
size_t write_binding_request(std::span<uint8_t> room, const BindingRequest& request);
size_t write_binding_success(std::span<uint8_t> room, const TransactionId& id,
                             const MappedAddress& mapped, std::string_view password);

enum class ErrorCode : uint16_t {
    BadRequest = 400,
    Unauthenticated = 401,
    UnknownAttribute = 420,
    RoleConflict = 487,
};

// An empty password leaves MESSAGE-INTEGRITY out, as the answer to a request that proved nothing
// must (RFC 8489 §9.1.3). No reason phrase: it would only make the answer to an unproved request
// longer than the request. `unknown` goes with UnknownAttribute alone.
size_t write_binding_error(std::span<uint8_t> room, const TransactionId& id, ErrorCode code,
                           std::string_view password, std::span<const uint16_t> unknown = {});

}  // namespace parley::stun
