#include "worker/srtp/aes_gcm.h"

#include <doctest/doctest.h>

#include "tests/unit/srtp/packets.h"

using namespace parley;
using namespace parley::srtp;

namespace {

Nonce random_nonce(base::Random& random) {
    Nonce nonce;
    random.fill(nonce);
    return nonce;
}

}  // namespace

TEST_CASE("both engines seal the same bytes, whatever the sizes") {
    if (!Ghash::supported()) return;
    base::SeededRandom random(1);
    for (const size_t key_size : {16u, 32u}) {
        AesGcm ours(key_size, AesGcm::Engine::CarryLess);
        AesGcm theirs(key_size, AesGcm::Engine::OpenSsl);
        for (size_t size = 0; size < 1'700; ++size) {
            if (size % 100 == 0) {
                const Packet key = random_bytes(random, key_size);
                ours.set_key(key.data());
                theirs.set_key(key.data());
            }
            const Nonce nonce = random_nonce(random);
            const Packet aad = random_bytes(random, random.below(100));
            Packet text = random_bytes(random, size);
            Packet other = text;
            Block tag, other_tag;
            ours.seal(nonce, aad, text, tag.data());
            theirs.seal(nonce, aad, other, other_tag.data());
            REQUIRE(text == other);
            REQUIRE(tag == other_tag);
            REQUIRE(ours.open(nonce, aad, text, tag.data()));
            REQUIRE(theirs.open(nonce, aad, other, tag.data()));
            REQUIRE(text == other);
        }
    }
}

TEST_CASE("a key whose hash key has its top bit set is multiplied as any other") {
    if (!Ghash::supported()) return;
    // Through 64 keys both cases of the doubling in Ghash::set_key() occur many times.
    base::SeededRandom random(2);
    size_t set = 0;
    for (int i = 0; i < 64; ++i) {
        const Packet key = random_bytes(random, 16);
        AesBlocks aes(16);
        aes.set_key(key.data());
        set += aes.encrypt(Block{})[15] & 1;
        AesGcm ours(16, AesGcm::Engine::CarryLess), theirs(16, AesGcm::Engine::OpenSsl);
        ours.set_key(key.data());
        theirs.set_key(key.data());
        Packet text = random_bytes(random, 300), other = text;
        Block tag, other_tag;
        ours.seal(Nonce{}, {}, text, tag.data());
        theirs.seal(Nonce{}, {}, other, other_tag.data());
        REQUIRE(tag == other_tag);
    }
    CHECK(set > 10);
    CHECK(set < 54);
}

TEST_CASE("one bit changed anywhere is noticed") {
    base::SeededRandom random(3);
    for (const auto engine : {AesGcm::Engine::OpenSsl, AesGcm::fastest()}) {
        AesGcm gcm(16, engine);
        gcm.set_key(random_bytes(random, 16).data());
        const Packet aad = random_bytes(random, 12);
        Packet sealed = random_bytes(random, 40);
        Block tag;
        gcm.seal(Nonce{}, aad, sealed, tag.data());
        for (size_t bit = 0; bit < 8 * (12 + 40 + 16); ++bit) {
            Packet all = aad;
            all.insert(all.end(), sealed.begin(), sealed.end());
            all.insert(all.end(), tag.begin(), tag.end());
            all[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
            const std::span span(all);
            REQUIRE(!gcm.open(Nonce{}, span.first(12), span.subspan(12, 40), &all[52]));
        }
        CHECK(gcm.open(Nonce{}, aad, sealed, tag.data()));
    }
}
