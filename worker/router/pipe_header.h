#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/base/bytes.h"
#include "worker/rtcp/rtcp_view.h"

namespace parley::router {

// What one end of a pipe can do. Ends of different versions do what the lower can, and only what
// both are capable of.
struct PipeHeader {
    static constexpr uint16_t kVersion = 2;  // ours; 2: reports by an SSRC of their own
    static constexpr uint32_t kRepairs = 1;  // capability: asks for what is lost, and answers

    uint16_t version = 0;
    uint32_t capabilities = 0;

    bool operator==(const PipeHeader&) const = default;

    PipeHeader common_with(const PipeHeader& other) const {
        return {std::min(version, other.version), capabilities & other.capabilities};
    }
};

// It is said in an RTCP APP packet named "PIPE", at connect and with each report. Fields of later
// versions come after these and are passed over. RFC 3550 §6.7.
void write_pipe_header(base::ByteWriter& out, uint32_t ssrc, const PipeHeader& header);
std::optional<PipeHeader> parse_pipe_header(const rtcp::RtcpView& packet);

constexpr size_t kPipeHeaderBytes = 20;

}  // namespace parley::router
