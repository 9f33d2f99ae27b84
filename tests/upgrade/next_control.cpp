// The worker's side of the next version of the pipe: today's, which says more and is asked more.

#include "tests/upgrade/later.h"
#include "worker/engine/control.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch"  // today's code knows none of the later members
#define hear_frame hear_frame_of_today
#include "worker/engine/control.cpp"
#undef hear_frame
#pragma GCC diagnostic pop

namespace parley::engine {

namespace {

std::unique_ptr<pipe::DropCountT> evidence(const char* name) {
    auto drop = std::make_unique<pipe::DropCountT>();
    drop->name = name;
    drop->count = 1;
    return drop;
}

void answer_remark(const pipe::Remark& asked, pipe::ReplyT& reply) {
    pipe::RemarkedT remarked;
    remarked.words = asked.words() ? asked.words()->str() : "";
    reply.error = pipe::ErrorCode::None;
    reply.reason.clear();
    reply.body.Set(std::move(remarked));
}

// Among the drops a controller of any version shows what was said.
void say_more(pipe::WorkerStatsT& stats, pipe::FrameT& said) {
    stats.later = std::make_unique<pipe::LaterT>();
    stats.later->words = test::kLater;
    stats.drops.push_back(evidence("next_overheard_said"));
    pipe::OverheardT overheard;
    overheard.words = test::kLater;
    said.notifications.push_back(std::make_unique<pipe::NotificationT>());
    said.notifications.back()->body.Set(std::move(overheard));
}

void say_more(const pipe::Request& asked, pipe::ReplyT& reply, pipe::FrameT& said) {
    if (const auto* remark = asked.body_as_Remark()) answer_remark(*remark, reply);
    if (auto* hello = reply.body.AsHelloReply()) hello->later = test::kLater;
    if (auto* stats = reply.body.AsWorkerStats()) say_more(*stats, said);
    auto* snapshot = reply.body.AsSnapshot();
    if (!snapshot) return;
    for (auto& router : snapshot->routers) router->later = test::kLater;
}

}  // namespace

Heard hear_frame(Instant now, base::Bytes bytes, bool greeted, const Worker& worker,
                 router::Turn& turn, std::vector<uint8_t>& reply) {
    const Heard heard = hear_frame_of_today(now, bytes, greeted, worker, turn, reply);
    if (heard == Heard::Unreadable) return heard;
    const auto* asked = flatbuffers::GetRoot<pipe::Frame>(bytes.data());
    pipe::FrameT said;
    flatbuffers::GetRoot<pipe::Frame>(reply.data())->UnPackTo(&said);
    for (flatbuffers::uoffset_t i = 0; i < asked->requests()->size(); ++i) {
        say_more(*asked->requests()->Get(i), *said.replies[i], said);
    }
    FlatBufferBuilder fbb(1024);
    reply = finish(fbb, pipe::Frame::Pack(fbb, &said));
    return heard;
}

}  // namespace parley::engine
