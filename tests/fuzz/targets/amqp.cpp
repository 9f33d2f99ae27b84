#include "common/cluster/codec.h"

using namespace parley::cluster;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto command = parse_command(text, Origin::Service)) (void)write(*command);
    if (const auto beat = parse_beat(text)) (void)write(*beat);
    if (const auto event = parse_event(text)) (void)write(*event);
    if (const auto answer = parse_answer(text)) (void)write(*answer);
    (void)parse_command(text, Origin::App);
    (void)parse_room_answer(text);
    return 0;
}
