// What the controller of the next version understands of workers. What they said that is new, and
// how they took what they were asked, it shows among their drops.

#include "controller/workers/pipe_codec.h"
#include "tests/upgrade/later.h"
#include "tests/upgrade/remark.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch"  // today's code knows none of the later members
#define parse_frame parse_frame_of_today
#include "controller/workers/pipe_parse.cpp"
#undef parse_frame
#pragma GCC diagnostic pop

namespace parley::controller::workers {

namespace {

using Evidence = std::vector<std::string>;

bool is_later(const fb::String* words) {
    return words && words->str() == test::kLater;
}

void look(const pipe::Reply& reply, Evidence& seen) {
    const auto* remarked = reply.body_as_Remarked();
    const auto* stats = reply.body_as_WorkerStats();
    if (reply.id() == test::kRemarkId) {
        const bool answered = remarked && is_later(remarked->words());
        const bool refused = reply.error() == pipe::ErrorCode::NotSupported;
        seen.push_back(answered  ? "next_remark_answered"
                       : refused ? "next_remark_not_supported"
                                 : "next_remark_failed");
    }
    if (stats && stats->later() && is_later(stats->later()->words())) {
        seen.push_back("next_field_read");
    }
}

Evidence evidence_in(const pipe::Frame& frame) {
    Evidence seen;
    if (frame.replies()) {
        for (const auto* reply : *frame.replies()) look(*reply, seen);
    }
    if (!frame.notifications()) return seen;
    for (const auto* notification : *frame.notifications()) {
        const auto* overheard = notification->body_as_Overheard();
        if (overheard && is_later(overheard->words())) seen.push_back("next_overheard");
    }
    return seen;
}

}  // namespace

std::optional<Frame> parse_frame(std::span<const uint8_t> bytes) {
    std::optional<Frame> frame = parse_frame_of_today(bytes);
    if (!frame) return frame;
    std::erase_if(frame->replies, [](const Reply& one) { return one.id == test::kRemarkId; });
    const Evidence seen = evidence_in(*fb::GetRoot<pipe::Frame>(bytes.data()));
    for (Reply& reply : frame->replies) {
        auto* stats = std::get_if<WorkerInfo>(&reply.body);
        if (!stats) continue;
        for (const std::string& name : seen) stats->drops.emplace_back(name, 1);
    }
    return frame;
}

}  // namespace parley::controller::workers
