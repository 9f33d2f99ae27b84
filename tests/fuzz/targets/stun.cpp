#include "worker/stun/integrity.h"
#include "worker/stun/message.h"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const base::Bytes bytes(data, size);
    stun::username_of_request(bytes);
    const auto message = stun::parse_message(bytes);
    if (message) stun::verify_integrity(*message, "VOkJxbRl1RmTxUk/WvJxBt");
    return 0;
}
