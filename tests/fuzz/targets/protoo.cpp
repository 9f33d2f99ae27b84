#include "controller/signalling/protoo.h"
#include "controller/signalling/ortc.h"

using namespace parley::controller;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = parley::JsonDocument::parse({reinterpret_cast<const char*>(data), size});
    if (!text) return 0;
    const auto message = signalling::parse_message(*text);
    if (!message) return 0;
    (void)signalling::parse_send_parameters("audio", message->data["rtpParameters"]);
    (void)signalling::parse_fingerprints(message->data["dtlsParameters"]);
    return 0;
}
