#include "worker/stun/message.h"

#include "worker/stun/fingerprint.h"

namespace parley::stun {

namespace {

constexpr size_t kUsernameBytes = 508;  // RFC 8489 §14.3: less than 509

struct AttributeView {
    uint16_t type;
    base::Bytes value;
};

// Takes one attribute off the front, with its padding, whose bytes may have any value.
// RFC 8489 §14.
AttributeView parse_attribute(base::ByteReader& in) {
    const uint16_t type = in.u16();
    const uint16_t size = in.u16();
    const base::Bytes value = in.take(size);
    in.skip((4 - size % 4) % 4);
    return {type, value};
}

std::optional<MessageView> parse_header(base::Bytes datagram) {
    base::ByteReader in(datagram);
    const uint16_t type = in.u16();
    const uint16_t length = in.u16();
    const uint32_t cookie = in.u32();
    const base::Bytes transaction_id = in.take(12);
    if (!in.ok() || type >> 14 != 0 || cookie != kMagicCookie) return std::nullopt;
    if (length != in.size()) return std::nullopt;
    MessageView message;
    message.bytes = datagram;
    // The two bits of the class lie between those of the method. RFC 8489 §5.
    message.message_class = static_cast<Class>((type >> 7 & 2) | (type >> 4 & 1));
    message.method =
        static_cast<uint16_t>((type >> 2 & 0xf80) | (type >> 1 & 0x70) | (type & 0xf));
    std::memcpy(message.transaction_id.data(), transaction_id.data(), transaction_id.size());
    return message;
}

// RFC 8489 §14.8: only class and number count, the reason phrase is for people.
bool take_error_code(MessageView& message, base::Bytes value) {
    base::ByteReader in(value);
    in.skip(2);
    const uint8_t hundreds = in.u8() & 7;
    const uint8_t number = in.u8();
    if (!in.ok() || hundreds < 3 || hundreds > 6 || number > 99) return false;
    if (!message.error_code) message.error_code = static_cast<uint16_t>(100 * hundreds + number);
    return true;
}

// RFC 8489 §14.2: the port and the address are masked with the cookie and the transaction id.
bool take_xor_mapped_address(MessageView& message, base::Bytes value) {
    base::ByteReader in(value);
    in.skip(1);
    const uint8_t family = in.u8();
    const uint16_t port = in.u16();
    const base::Bytes ip = in.rest();
    const bool four = family == 1;
    if (!in.ok() || (!four && family != 2) || ip.size() != (four ? 4 : 16)) return false;
    MappedAddress address;
    address.port = static_cast<uint16_t>(port ^ kMagicCookie >> 16);
    if (four) address.ip[10] = address.ip[11] = 0xff;
    const base::Bytes mask = message.bytes.subspan(4);  // the cookie, then the transaction id
    for (size_t i = four ? 12 : 0, from = 0; i < 16; ++i, ++from) {
        address.ip[i] = ip[from] ^ mask[from];
    }
    if (!message.xor_mapped_address) message.xor_mapped_address = address;
    return true;
}

template <typename T>
bool take_number(std::optional<T>& field, base::Bytes value) {
    if (value.size() != sizeof(T)) return false;
    base::ByteReader in(value);
    const auto number = static_cast<T>(sizeof(T) == 4 ? in.u32() : in.u64());
    if (!field) field = number;
    return true;
}

bool take_username(MessageView& message, base::Bytes value) {
    if (value.size() > kUsernameBytes) return false;
    if (!message.username) message.username = base::as_text(value);
    return true;
}

bool take_use_candidate(MessageView& message, base::Bytes value) {
    message.use_candidate = true;
    return value.empty();
}

bool take_unknown(MessageView& message, uint16_t type) {
    constexpr uint16_t kComprehensionOptional = 0x8000;
    if (type < kComprehensionOptional) message.unknown.add(type);
    return true;
}

// False when the value contradicts its type.
bool take_attribute(MessageView& message, const AttributeView& attribute, size_t at) {
    const base::Bytes value = attribute.value;
    switch (static_cast<Attribute>(attribute.type)) {
        case Attribute::MappedAddress:
        case Attribute::UnknownAttributes: return true;  // known, and of no use here
        case Attribute::Username: return take_username(message, value);
        case Attribute::ErrorCode: return take_error_code(message, value);
        case Attribute::XorMappedAddress: return take_xor_mapped_address(message, value);
        case Attribute::Priority: return take_number(message.priority, value);
        case Attribute::UseCandidate: return take_use_candidate(message, value);
        case Attribute::IceControlled: return take_number(message.ice_controlled, value);
        case Attribute::IceControlling: return take_number(message.ice_controlling, value);
        case Attribute::MessageIntegrity:
            message.integrity_at = at;
            return value.size() == kIntegrityBytes;
        case Attribute::Fingerprint:
            message.fingerprint_at = at;
            return value.size() == 4;
    }
    return take_unknown(message, attribute.type);
}

bool fingerprint_holds(const MessageView& message) {
    if (!message.fingerprint_at) return true;
    base::ByteReader in(message.bytes.subspan(*message.fingerprint_at + 4));
    return in.u32() == fingerprint_of(message.bytes.first(*message.fingerprint_at));
}

}  // namespace

std::optional<MessageView> parse_message(base::Bytes datagram) {
    auto message = parse_header(datagram);
    if (!message) return std::nullopt;
    base::ByteReader in(datagram.subspan(kHeaderBytes));
    while (!in.empty()) {
        if (message->fingerprint_at) return std::nullopt;
        const size_t at = datagram.size() - in.size();
        const AttributeView attribute = parse_attribute(in);
        if (!in.ok()) return std::nullopt;
        const bool vouched = !message->integrity_at ||
                             attribute.type == static_cast<uint16_t>(Attribute::Fingerprint);
        if (vouched && !take_attribute(*message, attribute, at)) return std::nullopt;
    }
    if (!fingerprint_holds(*message)) return std::nullopt;
    return message;
}

std::optional<std::string_view> username_of_request(base::Bytes datagram) {
    const auto message = parse_header(datagram);
    if (!message || message->message_class != Class::Request || message->method != kBinding) {
        return std::nullopt;
    }
    base::ByteReader in(datagram.subspan(kHeaderBytes));
    while (!in.empty()) {
        const AttributeView attribute = parse_attribute(in);
        const auto type = static_cast<Attribute>(attribute.type);
        if (!in.ok() || type == Attribute::MessageIntegrity) return std::nullopt;
        if (type == Attribute::Username) return base::as_text(attribute.value);
    }
    return std::nullopt;
}

}  // namespace parley::stun
