#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/base/bytes.h"
#include "worker/rtp/header_extension.h"
#include "worker/rtp/stream_map.h"

namespace parley::rtp {

// The ids that a consumer's peer has agreed to; 0 where it does not want the extension.
struct ExtensionIds {
    uint8_t mid = 0;
    uint8_t audio_level = 0;
    uint8_t abs_send_time = 0;
    uint8_t transport_sequence_number = 0;
};

// What one source packet says to all its listeners alike: made once, used for every copy.
struct SharedFields {
    bool marker = false;
    std::optional<AudioLevel> level = {};
    uint32_t abs_send_time = 0;  // abs_send_time(now)
    base::Bytes csrcs = {};      // as in RtpView
};

// The header of one consumer's packets, written once in full. A packet copies it and fills in what
// changes. Sixty-four bytes, so that a listener's header is one line of cache.
class alignas(64) HeaderTemplate {
public:
    // The most that write() needs: fixed header, all CSRCs, and the longest extension block.
    static constexpr size_t kExtensionBytesMax = 36;
    static constexpr size_t kBytesMax = kFixedHeaderBytes + 4 * kCsrcsMax + kExtensionBytesMax;

    // Without a mid, or without an id for it, none is written. REQUIRES: `mid` is at most 16 bytes.
    HeaderTemplate(uint32_t ssrc, uint8_t payload_type, std::string_view mid, ExtensionIds ids);

    // Writes the header and returns its size: where the payload goes. A packet without a level
    // has padding in the place of one. The transport-wide sequence number is ignored unless it has
    // an id. REQUIRES: room for kBytesMax bytes; those after the header may be overwritten.
    size_t write(const SharedFields& shared, Mapped numbers, uint16_t transport_sequence_number,
                 std::span<uint8_t> room) const;

    uint32_t ssrc() const;
    bool wants_transport_sequence_number() const { return transport_sequence_number_at_ != 0; }

private:
    void patch(const SharedFields& shared, uint16_t transport_sequence_number,
               uint8_t* extensions) const;

    std::array<uint8_t, kFixedHeaderBytes> fixed_{};
    std::array<uint8_t, kExtensionBytesMax> extensions_{};
    uint8_t extensions_size_ = 0;

    // Where in extensions_ the bytes of an element begin; 0 when it is not there.
    uint8_t level_at_ = 0;
    uint8_t abs_send_time_at_ = 0;
    uint8_t transport_sequence_number_at_ = 0;
    uint8_t element_head_bytes_ = 0;  // 1 or 2, by the wire form
};

static_assert(sizeof(HeaderTemplate) == 64);

}  // namespace parley::rtp
