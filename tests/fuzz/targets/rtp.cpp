#include "worker/rtp/header_extension.h"
#include "worker/rtp/rtp_view.h"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto packet = rtp::parse_rtp(base::Bytes(data, size));
    for (uint8_t id = 0; packet && id <= 15; ++id) {
        const auto element = rtp::find_extension(*packet, id);
        if (element) rtp::parse_audio_level(*element);
    }
    return 0;
}
