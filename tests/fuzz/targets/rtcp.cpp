#include "worker/rtcp/bye.h"
#include "worker/rtcp/feedback.h"
#include "worker/rtcp/report.h"
#include "worker/rtcp/rtcp_view.h"
#include "worker/rtcp/source_description.h"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    base::ByteReader in(base::Bytes(data, size));
    while (const auto packet = in.empty() ? std::nullopt : rtcp::parse_rtcp(in)) {
        const auto sent = rtcp::parse_sender_report(*packet);
        for (size_t i = 0; sent && i < sent->blocks.size(); ++i) (void)sent->blocks[i];
        const auto heard = rtcp::parse_receiver_report(*packet);
        for (size_t i = 0; heard && i < heard->blocks.size(); ++i) (void)heard->blocks[i];
        const auto bye = rtcp::parse_bye(*packet);
        for (size_t i = 0; bye && i < bye->ssrcs.size(); ++i) (void)bye->ssrcs[i];
    }
    return 0;
}
