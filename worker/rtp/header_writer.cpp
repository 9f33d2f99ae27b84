#include "worker/rtp/header_writer.h"

#include <algorithm>

#include "common/base/ensure.h"
#include "worker/rtp/header_extension.h"

namespace parley::rtp {

namespace {

void write_element(base::ByteWriter& out, const ExtensionElement& element, bool one_byte) {
    ENSURE(element.id != 0 && element.bytes.size() <= 255);
    const auto size = static_cast<uint8_t>(element.bytes.size());
    if (one_byte) {
        out.u8(static_cast<uint8_t>(element.id << 4 | (size - 1)));
    } else {
        out.u8(element.id);
        out.u8(size);
    }
    out.put(element.bytes);
}

}  // namespace

bool fits_one_byte_form(std::span<const ExtensionElement> elements) {
    return std::all_of(elements.begin(), elements.end(), [](const ExtensionElement& element) {
        return element.id <= kOneByteIdMax && !element.bytes.empty() &&
               element.bytes.size() <= kOneByteLengthMax;
    });
}

void write_extensions(base::ByteWriter& out, std::span<const ExtensionElement> elements) {
    if (elements.empty()) return;
    const bool one_byte = fits_one_byte_form(elements);
    out.u16(one_byte ? kOneByteProfile : kTwoByteProfile);
    const size_t length_at = out.size();
    out.u16(0);
    const size_t begin = out.size();
    for (const ExtensionElement& element : elements) write_element(out, element, one_byte);
    out.zeros((4 - (out.size() - begin) % 4) % 4);
    out.u16_at(length_at, static_cast<uint16_t>((out.size() - begin) / 4));
}

void write_header(base::ByteWriter& out, const HeaderFields& fields,
                  std::span<const ExtensionElement> elements) {
    const size_t csrcs = fields.csrcs.size() / 4;
    ENSURE(csrcs <= kCsrcsMax && fields.csrcs.size() % 4 == 0);
    out.u8(static_cast<uint8_t>(0x80 | (elements.empty() ? 0 : 0x10) | csrcs));
    out.u8(static_cast<uint8_t>((fields.marker ? 0x80 : 0) | (fields.payload_type & 0x7f)));
    out.u16(fields.sequence_number);
    out.u32(fields.timestamp);
    out.u32(fields.ssrc);
    out.put(fields.csrcs);
    write_extensions(out, elements);
}

}  // namespace parley::rtp
