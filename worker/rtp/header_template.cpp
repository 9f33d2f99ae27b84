#include "worker/rtp/header_template.h"

#include <cstring>

#include "common/base/ensure.h"
#include "worker/rtp/header_writer.h"

namespace parley::rtp {

namespace {

void put_u16(uint8_t* at, uint16_t value) {
    at[0] = static_cast<uint8_t>(value >> 8);
    at[1] = static_cast<uint8_t>(value);
}

void put_u24(uint8_t* at, uint32_t value) {
    at[0] = static_cast<uint8_t>(value >> 16);
    put_u16(at + 1, static_cast<uint16_t>(value));
}

void put_u32(uint8_t* at, uint32_t value) {
    put_u16(at, static_cast<uint16_t>(value >> 16));
    put_u16(at + 2, static_cast<uint16_t>(value));
}

// Gathers the elements of the template and says where each one's bytes will come to lie.
struct ElementList {
    static constexpr size_t kNone = 4;

    std::array<ExtensionElement, 4> elements{};
    size_t count = 0;

    // The index of the element, or kNone when it has no id or no bytes.
    size_t add(uint8_t id, base::Bytes bytes) {
        if (id == 0 || bytes.empty()) return kNone;
        elements[count] = {id, bytes};
        return count++;
    }

    std::span<const ExtensionElement> all() const { return std::span(elements).first(count); }

    uint8_t place_of(size_t index, size_t head_bytes) const {
        if (index == kNone) return 0;
        size_t at = 4 + head_bytes;  // profile, length and its own head
        for (size_t i = 0; i < index; ++i) at += head_bytes + elements[i].bytes.size();
        return static_cast<uint8_t>(at);
    }
};

}  // namespace

HeaderTemplate::HeaderTemplate(uint32_t ssrc, uint8_t payload_type, std::string_view mid,
                               ExtensionIds ids) {
    ENSURE(mid.size() <= kOneByteLengthMax);
    constexpr std::array<uint8_t, 3> zeros{};
    const base::Bytes blank(zeros);
    ElementList list;
    list.add(ids.mid, base::as_bytes(mid));
    const size_t level = list.add(ids.audio_level, blank.first(1));
    const size_t abs_send_time = list.add(ids.abs_send_time, blank.first(3));
    const size_t sequence_number = list.add(ids.transport_sequence_number, blank.first(2));

    base::ByteWriter extensions(extensions_);
    write_extensions(extensions, list.all());
    ENSURE(extensions.ok());
    extensions_size_ = static_cast<uint8_t>(extensions.size());
    element_head_bytes_ = fits_one_byte_form(list.all()) ? 1 : 2;
    level_at_ = list.place_of(level, element_head_bytes_);
    abs_send_time_at_ = list.place_of(abs_send_time, element_head_bytes_);
    transport_sequence_number_at_ = list.place_of(sequence_number, element_head_bytes_);

    base::ByteWriter fixed(fixed_);
    write_header(fixed, {.payload_type = payload_type, .ssrc = ssrc}, {});
    if (list.count > 0) fixed_[0] |= 0x10;
}

size_t HeaderTemplate::write(const SharedFields& shared, Mapped numbers,
                             uint16_t transport_sequence_number, std::span<uint8_t> room) const {
    ENSURE(room.size() >= kBytesMax && shared.csrcs.size() <= 4 * kCsrcsMax);
    uint8_t* const out = room.data();
    std::memcpy(out, fixed_.data(), fixed_.size());
    out[0] |= static_cast<uint8_t>(shared.csrcs.size() / 4);
    out[1] |= shared.marker ? 0x80 : 0;
    put_u16(out + 2, numbers.sequence_number);
    put_u32(out + 4, numbers.timestamp);
    uint8_t* const after_fixed = out + fixed_.size();
    if (!shared.csrcs.empty()) {
        std::memcpy(after_fixed, shared.csrcs.data(), shared.csrcs.size());
    }
    uint8_t* const extensions = after_fixed + shared.csrcs.size();
    std::memcpy(extensions, extensions_.data(), extensions_.size());  // a constant size: no loop
    patch(shared, transport_sequence_number, extensions);
    return fixed_.size() + shared.csrcs.size() + extensions_size_;
}

void HeaderTemplate::patch(const SharedFields& shared, uint16_t transport_sequence_number,
                           uint8_t* extensions) const {
    if (level_at_ != 0) {
        // Without a level its head becomes padding too: zeros are, in both wire forms.
        if (shared.level)
            extensions[level_at_] = shared.level->wire();
        else
            std::memset(extensions + level_at_ - element_head_bytes_, 0, element_head_bytes_);
    }
    if (abs_send_time_at_ != 0) put_u24(extensions + abs_send_time_at_, shared.abs_send_time);
    if (transport_sequence_number_at_ != 0) {
        put_u16(extensions + transport_sequence_number_at_, transport_sequence_number);
    }
}

uint32_t HeaderTemplate::ssrc() const {
    base::ByteReader in(base::Bytes(fixed_).subspan(8));
    return in.u32();
}

}  // namespace parley::rtp
