#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "common/base/random.h"
#include "tests/unit/stun/rfc5769.h"
#include "worker/stun/integrity.h"
#include "worker/stun/message.h"

using namespace parley;
using namespace parley::stun;

namespace {

using Buffer = std::vector<uint8_t>;

Buffer mutated(base::Random& random, Buffer bytes) {
    for (uint64_t times = 1 + random.below(4); times > 0; --times) {
        if (bytes.empty()) break;
        const auto at = bytes.begin() + static_cast<ptrdiff_t>(random.below(bytes.size()));
        switch (random.below(4)) {
            case 0: *at ^= static_cast<uint8_t>(1 << random.below(8)); break;
            case 1: *at = static_cast<uint8_t>(random.u32()); break;
            case 2: bytes.erase(at, bytes.end()); break;
            case 3: bytes.insert(at, 4, static_cast<uint8_t>(random.u32())); break;
        }
    }
    if (bytes.size() >= kHeaderBytes && random.below(2) == 0) {  // past the length check
        bytes[2] = static_cast<uint8_t>((bytes.size() - kHeaderBytes) >> 8);
        bytes[3] = static_cast<uint8_t>(bytes.size() - kHeaderBytes);
    }
    return bytes;
}

bool inside(const Buffer& bytes, std::string_view part) {
    const auto* start = reinterpret_cast<const uint8_t*>(part.data());
    return start >= bytes.data() && start + part.size() <= bytes.data() + bytes.size();
}

}  // namespace

TEST_CASE("100,000 mutations of real messages: all views stay inside, and none is proved") {
    base::SeededRandom random(4411);
    const Buffer* seeds[] = {&rfc5769::kRequest, &rfc5769::kResponseV4, &rfc5769::kResponseV6,
                             &rfc5769::kLongTermRequest};
    size_t parsed = 0;
    for (int i = 0; i < 100'000; ++i) {
        const Buffer& seed = *seeds[random.below(std::size(seeds))];
        const Buffer bytes = mutated(random, seed);
        const auto message = parse_message(bytes);
        const auto username = username_of_request(bytes);
        if (username) CHECK(inside(bytes, *username));
        if (!message) continue;
        ++parsed;
        if (message->username) CHECK(inside(bytes, *message->username));
        if (message->message_class == Class::Request && message->method == kBinding) {
            CHECK(username == message->username);
        }
        if (!message->integrity_at) continue;
        REQUIRE(*message->integrity_at + 4 + kIntegrityBytes <= bytes.size());
        const auto vouched = static_cast<ptrdiff_t>(*message->integrity_at);
        const bool untouched =
            vouched <= static_cast<ptrdiff_t>(seed.size()) &&
            std::equal(bytes.begin() + 4, bytes.begin() + vouched, seed.begin() + 4);
        if (verify_integrity(*message, rfc5769::kPassword)) CHECK(untouched);
    }
    CHECK(parsed > 1'000);
}
