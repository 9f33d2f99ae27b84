#include "worker/rtp/header_extension.h"

namespace parley::rtp {

namespace {

struct Element {
    uint8_t id;
    base::Bytes bytes;
};

// Takes one element off the front. Padding is an element with id 0. At id 15, and at id 0 with a
// length, the length means nothing and so does everything after it: the reader fails there.
// RFC 8285 §4.2.
Element next_one_byte(base::ByteReader& in) {
    const uint8_t head = in.u8();  // ID(4) length - 1 (4)
    if (head == 0) return {0, {}};
    const uint8_t id = head >> 4;
    if (id == 0 || id > kOneByteIdMax) in.fail();
    return {id, in.take((head & 0x0fu) + 1)};
}

// RFC 8285 §4.3.
Element next_two_byte(base::ByteReader& in) {
    const uint8_t id = in.u8();
    if (id == 0) return {0, {}};
    return {id, in.take(in.u8())};
}

}  // namespace

std::optional<base::Bytes> find_extension(const RtpView& view, uint8_t id) {
    const bool one_byte = view.extension_profile == kOneByteProfile;
    const bool two_byte = (view.extension_profile & 0xfff0) == kTwoByteProfile;
    if (id == 0 || !(one_byte || two_byte)) return std::nullopt;
    base::ByteReader in(view.extensions);
    while (!in.empty()) {
        const Element element = one_byte ? next_one_byte(in) : next_two_byte(in);
        if (in.ok() && element.id == id) return element.bytes;
    }
    return std::nullopt;
}

std::optional<AudioLevel> parse_audio_level(base::Bytes element) {
    if (element.size() != 1) return std::nullopt;
    return AudioLevel{(element[0] & 0x80) != 0, static_cast<int8_t>(-(element[0] & 0x7f))};
}

}  // namespace parley::rtp
