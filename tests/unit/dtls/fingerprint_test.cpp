#include "worker/dtls/fingerprint.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "worker/dtls/certificate.h"

using namespace parley;
using namespace parley::dtls;

namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

Certificate certificate() {
    return make_certificate(make_key().get(), base::Instant::from_micros(0));
}

}  // namespace

TEST_CASE("a certificate has three fingerprints, written as RFC 8122 does") {
    const auto all = fingerprints_of(certificate().get());
    REQUIRE(all.size() == 3);
    CHECK(all[0].algorithm == "sha-256");
    CHECK(all[1].algorithm == "sha-384");
    CHECK(all[2].algorithm == "sha-512");
    CHECK(all[0].value.size() == 3 * 32 - 1);
    CHECK(all[1].value.size() == 3 * 48 - 1);
    CHECK(all[2].value.size() == 3 * 64 - 1);
    CHECK(all[0].value[2] == ':');
}

TEST_CASE("any one of them is enough, in either case") {
    const Certificate mine = certificate(), other = certificate();
    for (const Fingerprint& own : fingerprints_of(mine.get())) {
        CHECK(matches_any({own}, mine.get()));
        CHECK(matches_any({{"sha-1", "AA:BB"}, own}, mine.get()));
        CHECK(matches_any({{lower(own.algorithm), lower(own.value)}}, mine.get()));
        CHECK(matches_any({{"SHA" + own.algorithm.substr(3), own.value}}, mine.get()));
        CHECK(!matches_any({own}, other.get()));
        CHECK(!matches_any({{"md5", own.value}}, mine.get()));
        CHECK(!matches_any({{own.algorithm, own.value.substr(0, 20)}}, mine.get()));
        CHECK(!matches_any({{own.algorithm, own.value + ":00"}}, mine.get()));
        CHECK(!matches_any({{own.algorithm, ""}}, mine.get()));
    }
    CHECK(!matches_any({}, mine.get()));
}
