#pragma once

#include <cstdint>
#include <span>

#include "common/base/bytes.h"

namespace parley::rtp {

struct HeaderFields {
    bool marker = false;
    uint8_t payload_type = 0;  // 0 to 127
    uint16_t sequence_number = 0;
    uint32_t timestamp = 0;
    uint32_t ssrc = 0;
    base::Bytes csrcs = {};  // four bytes each, in network order, at most kCsrcsMax of them
};

struct ExtensionElement {
    uint8_t id;         // not 0
    base::Bytes bytes;  // at most 255
};

// Whether the one-byte form can say them all. RFC 8285 §4.2.
bool fits_one_byte_form(std::span<const ExtensionElement> elements);

// Writes the extension block, profile and length included, padded to whole words: the one-byte
// form where it fits, else the two-byte form. Nothing for no elements. RFC 3550 §5.3.1.
void write_extensions(base::ByteWriter& out, std::span<const ExtensionElement> elements);

// Writes everything in front of the payload, in any shape. A consumer, which writes the same shape
// over and over, keeps a HeaderTemplate instead. RFC 3550 §5.1.
void write_header(base::ByteWriter& out, const HeaderFields& fields,
                  std::span<const ExtensionElement> elements);

}  // namespace parley::rtp
