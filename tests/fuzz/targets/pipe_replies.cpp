#include "controller/workers/pipe_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    (void)parley::controller::workers::parse_frame({data, size});
    return 0;
}
