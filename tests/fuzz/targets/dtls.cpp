#include "worker/dtls/record.h"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    base::ByteReader in(base::Bytes(data, size));
    while (!in.empty() && dtls::parse_record(in)) {
    }
    dtls::is_records(base::Bytes(data, size));
    return 0;
}
