// What the controller of the next version asks workers: what today's does, and more.

#include "controller/workers/pipe_codec.h"
#include "tests/upgrade/later.h"
#include "tests/upgrade/remark.h"

#define write_requests write_requests_of_today
#include "controller/workers/pipe_write.cpp"
#undef write_requests

namespace parley::controller::workers {

namespace {

// What a later controller keeps in a worker, an earlier one finds there after a roll-back.
template <typename T>
void keep_more(T* body) {
    if (!body) return;
    const std::string text = test::with_later({body->app_data.begin(), body->app_data.end()});
    body->app_data.assign(text.begin(), text.end());
}

// Whether it asks for statistics.
bool say_more(pipe::RequestBodyUnion& body) {
    keep_more(body.AsCreateRouter());
    keep_more(body.AsSetRouterAppData());
    keep_more(body.AsCreateTransport());
    keep_more(body.AsSetTransportAppData());
    keep_more(body.AsProduce());
    keep_more(body.AsCreatePipe());
    keep_more(body.AsPipeConsume());
    keep_more(body.AsPipeProduce());
    if (auto* hello = body.AsHello()) hello->later = test::kLater;
    if (auto* produce = body.AsProduce()) produce->later = test::kLater;
    auto* stats = body.AsGetWorkerStats();
    if (stats) stats->later = test::kLater;
    return stats != nullptr;
}

std::unique_ptr<pipe::RequestT> remark() {
    auto request = std::make_unique<pipe::RequestT>();
    request->id = test::kRemarkId;
    pipe::RemarkT body;
    body.words = test::kLater;
    request->body.Set(std::move(body));
    return request;
}

}  // namespace

std::vector<uint8_t> write_requests(std::span<const Request> requests) {
    const std::vector<uint8_t> today = write_requests_of_today(requests);
    pipe::FrameT frame;
    fb::GetRoot<pipe::Frame>(today.data())->UnPackTo(&frame);
    bool measures = false;
    for (auto& request : frame.requests) measures |= say_more(request->body);
    if (measures) frame.requests.push_back(remark());
    fb::FlatBufferBuilder fbb(1024);
    fbb.Finish(pipe::Frame::Pack(fbb, &frame));
    return {fbb.GetBufferPointer(), fbb.GetBufferPointer() + fbb.GetSize()};
}

}  // namespace parley::controller::workers
