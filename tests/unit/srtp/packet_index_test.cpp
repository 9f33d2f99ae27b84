#include "worker/srtp/packet_index.h"

#include <doctest/doctest.h>

using namespace parley::srtp;

TEST_CASE("an index is guessed to be the nearest, across the rollover in both directions") {
    CHECK(nearest_index(1'000, 1'001) == 1'001);
    CHECK(nearest_index(65'535, 0) == 65'536);
    CHECK(nearest_index(65'536 + 3, 65'530) == 65'530);
    CHECK(nearest_index(3 * 65'536, 32'767) == 3 * 65'536 + 32'767);
    CHECK(nearest_index(3 * 65'536, 32'769) == 2 * 65'536 + 32'769);
    CHECK(nearest_index(3, 65'535) == -1);
    CHECK(nearest_index(kRtpIndexes - 1, 0) == static_cast<int64_t>(kRtpIndexes));
}
