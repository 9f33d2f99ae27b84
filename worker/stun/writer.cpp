#include "worker/stun/writer.h"

#include <algorithm>

#include "worker/stun/fingerprint.h"
#include "worker/stun/integrity.h"

namespace parley::stun {

namespace {

constexpr size_t kLengthAt = 2;

// The bits of the class lie between those of the method. RFC 8489 §5.
uint16_t type_of(Class message_class, uint16_t method) {
    const auto bits = static_cast<unsigned>(message_class);
    return static_cast<uint16_t>((method & 0xf80) << 2 | (method & 0x70) << 1 | (method & 0xf) |
                                 (bits & 2) << 7 | (bits & 1) << 4);
}

}  // namespace

MessageWriter::MessageWriter(std::span<uint8_t> room, Class message_class,
                             const TransactionId& id, uint16_t method)
    : out_(room), id_(id) {
    out_.u16(type_of(message_class, method));
    out_.u16(0);
    out_.u32(kMagicCookie);
    out_.put(id);
}

void MessageWriter::attribute(uint16_t type, base::Bytes value) {
    out_.u16(type);
    out_.u16(static_cast<uint16_t>(value.size()));
    out_.put(value);
    out_.zeros((4 - value.size() % 4) % 4);
    out_.u16_at(kLengthAt, static_cast<uint16_t>(out_.size() - kHeaderBytes));
}

void MessageWriter::attribute(Attribute type, base::Bytes value) {
    attribute(static_cast<uint16_t>(type), value);
}

void MessageWriter::number(Attribute type, uint32_t value) {
    std::array<uint8_t, 4> bytes;
    base::ByteWriter(bytes).u32(value);
    attribute(type, bytes);
}

void MessageWriter::number(Attribute type, uint64_t value) {
    std::array<uint8_t, 8> bytes;
    base::ByteWriter(bytes).u64(value);
    attribute(type, bytes);
}

void MessageWriter::xor_mapped_address(const MappedAddress& address) {
    constexpr std::array<uint8_t, 12> kPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const bool four = std::equal(kPrefix.begin(), kPrefix.end(), address.ip.begin());
    std::array<uint8_t, 16> mask;
    base::ByteWriter mask_out(mask);
    mask_out.u32(kMagicCookie);
    mask_out.put(id_);

    std::array<uint8_t, 20> value;
    base::ByteWriter out(value);
    out.u8(0);
    out.u8(four ? 1 : 2);
    out.u16(static_cast<uint16_t>(address.port ^ kMagicCookie >> 16));
    const base::Bytes ip = base::Bytes(address.ip).subspan(four ? kPrefix.size() : 0);
    for (size_t i = 0; i < ip.size(); ++i) out.u8(ip[i] ^ mask[i]);
    attribute(Attribute::XorMappedAddress, out.written());
}

void MessageWriter::error_code(uint16_t code) {
    number(Attribute::ErrorCode, uint32_t{code} / 100 << 8 | code % 100u);
}

void MessageWriter::unknown_attributes(std::span<const uint16_t> types) {
    std::array<uint8_t, 2 * limits::kStunUnknownAttributes> value;
    base::ByteWriter out(value);
    const size_t count = std::min(types.size(), limits::kStunUnknownAttributes);
    for (const uint16_t type : types.first(count)) out.u16(type);
    attribute(Attribute::UnknownAttributes, out.written());
}

void MessageWriter::message_integrity(std::string_view password) {
    const size_t before = out_.size();
    attribute(Attribute::MessageIntegrity, Integrity{});
    if (!out_.ok()) return;
    const Integrity value = integrity_of(out_.written().first(before), password);
    std::memcpy(out_.written().data() + before + 4, value.data(), value.size());
}

void MessageWriter::fingerprint() {
    const size_t before = out_.size();
    number(Attribute::Fingerprint, uint32_t{0});
    if (!out_.ok()) return;
    const uint32_t value = fingerprint_of(out_.written().first(before));
    base::ByteWriter(out_.written().subspan(before + 4)).u32(value);
}

size_t write_binding_request(std::span<uint8_t> room, const BindingRequest& request) {
    MessageWriter out(room, Class::Request, request.transaction_id);
    out.attribute(Attribute::Username, base::as_bytes(request.username));
    if (request.ice_controlling) out.number(Attribute::IceControlling, *request.ice_controlling);
    if (request.ice_controlled) out.number(Attribute::IceControlled, *request.ice_controlled);
    if (request.use_candidate) out.attribute(Attribute::UseCandidate, {});
    out.number(Attribute::Priority, request.priority);
    if (!request.password.empty()) out.message_integrity(request.password);
    out.fingerprint();
    return out.size();
}

size_t write_binding_success(std::span<uint8_t> room, const TransactionId& id,
                             const MappedAddress& mapped, std::string_view password) {
    MessageWriter out(room, Class::Success, id);
    out.xor_mapped_address(mapped);
    out.message_integrity(password);
    out.fingerprint();
    return out.size();
}

size_t write_binding_error(std::span<uint8_t> room, const TransactionId& id, ErrorCode code,
                           std::string_view password, std::span<const uint16_t> unknown) {
    MessageWriter out(room, Class::Error, id);
    out.error_code(static_cast<uint16_t>(code));
    if (code == ErrorCode::UnknownAttribute) out.unknown_attributes(unknown);
    if (!password.empty()) out.message_integrity(password);
    out.fingerprint();
    return out.size();
}

}  // namespace parley::stun
