#include <openssl/evp.h>

#include <optional>

#include "common/base/random.h"
#include "tests/unit/ice/peer.h"
#include "worker/stun/fingerprint.h"

using namespace parley;
using namespace parley::ice;

namespace {

Buffer mutated(base::Random& random, Buffer bytes, const Buffer& other) {
    const auto place = [&] { return static_cast<ptrdiff_t>(random.below(bytes.size())); };
    for (uint64_t times = 1 + random.below(3); times > 0 && bytes.size() > 8; --times) {
        switch (random.below(5)) {
            case 0: bytes[random.below(bytes.size())] ^= static_cast<uint8_t>(1 << random.below(8));
                break;
            case 1: bytes[random.below(bytes.size())] = static_cast<uint8_t>(random.u32()); break;
            case 2: bytes.resize(static_cast<size_t>(place())); break;
            case 3: bytes.insert(bytes.begin() + place(), 4, static_cast<uint8_t>(random.u32()));
                break;
            case 4: bytes.insert(bytes.end(), other.begin() + 20, other.end()); break;
        }
    }
    return bytes;
}

// Makes the length fit, and the FINGERPRINT if one is last, so that more is looked at.
Buffer repaired(Buffer bytes) {
    if (bytes.size() < 28) return bytes;
    bytes[2] = static_cast<uint8_t>((bytes.size() - 20) >> 8);
    bytes[3] = static_cast<uint8_t>(bytes.size() - 20);
    const size_t before = bytes.size() - 8;
    if (bytes[before] == 0x80 && bytes[before + 1] == 0x28) {
        const uint32_t value = stun::fingerprint_of(base::Bytes(bytes).first(before));
        base::ByteWriter(std::span(bytes).subspan(before + 4)).u32(value);
    }
    return bytes;
}

// The first MESSAGE-INTEGRITY is OpenSSL's HMAC with our password: not by the code under test.
bool integrity_holds(Buffer bytes) {
    size_t at = 20;
    while (at + 24 <= bytes.size() && !(bytes[at] == 0x00 && bytes[at + 1] == 0x08)) {
        at += 4 + ((size_t{bytes[at + 2]} << 8 | bytes[at + 3]) + 3) / 4 * 4;
    }
    if (at + 24 > bytes.size()) return false;
    bytes[2] = static_cast<uint8_t>((at + 4) >> 8);
    bytes[3] = static_cast<uint8_t>(at + 4);
    Buffer value(20);
    size_t size = 0;
    EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA1", nullptr, kOld.password.data(),
              kOld.password.size(), bytes.data(), at, value.data(), value.size(), &size);
    return std::equal(value.begin(), value.end(), bytes.begin() + static_cast<ptrdiff_t>(at) + 4);
}

}  // namespace

TEST_CASE("100,000 mutated checks: nothing changes unless the integrity holds") {
    base::SeededRandom random(4411);
    Session session;
    session.check(kWifi, {.nominate = kNominate});
    const Buffer plain = session.check_bytes({});
    const Buffer nominating = session.check_bytes({.nominate = kNominate, .priority = 1u << 31});
    size_t heard[5] = {};
    for (int i = 0; i < 100'000; ++i) {
        Buffer bytes = random.below(2) == 0 ? mutated(random, plain, nominating)
                                            : mutated(random, nominating, plain);
        if (random.below(4) != 0) bytes = repaired(bytes);
        const net::Path from =
            path_of("198.51.100.1", static_cast<uint16_t>(1 + random.below(50'000)));
        const uint32_t before = session.agent.changes();
        const base::Instant deadline = session.agent.next_deadline();
        session.now += 1us;
        const Heard result = session.hear(from, bytes);
        ++heard[static_cast<size_t>(result)];
        const bool changed = session.agent.changes() != before ||
                             session.agent.next_deadline() != deadline;
        if (changed || result == Heard::Answered) REQUIRE(integrity_holds(bytes));
        if (!session.answers.empty() && result != Heard::Answered) {
            REQUIRE(session.answers[0].bytes.size() <= bytes.size());
        }
        REQUIRE(session.agent.paths().size() <= limits::kPathsPerTransport);
    }
    for (const size_t count : heard) CHECK(count > 20);  // every answer was reached
}
