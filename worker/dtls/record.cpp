#include "worker/dtls/record.h"

namespace parley::dtls {

namespace {

constexpr size_t kLongestFragment = (1 << 14) + 2048;  // RFC 5246 §6.2.3

bool is_known(const Record& record) {
    const uint8_t type = static_cast<uint8_t>(record.type);
    return type >= static_cast<uint8_t>(ContentType::ChangeCipherSpec) &&
           type <= static_cast<uint8_t>(ContentType::ApplicationData) &&
           (record.version == kVersion10 || record.version == kVersion12) &&
           record.fragment.size() <= kLongestFragment;
}

}  // namespace

std::optional<Record> parse_record(base::ByteReader& in) {
    Record record{};
    record.type = ContentType{in.u8()};
    record.version = in.u16();
    record.epoch = in.u16();
    record.sequence_number = uint64_t{in.u16()} << 32;
    record.sequence_number |= in.u32();
    record.fragment = in.take(in.u16());
    if (in.ok() && is_known(record)) return record;
    in.fail();
    return std::nullopt;
}

bool is_records(base::Bytes datagram) {
    base::ByteReader in(datagram);
    do {
        if (!parse_record(in)) return false;
    } while (!in.empty());
    return true;
}

}  // namespace parley::dtls
