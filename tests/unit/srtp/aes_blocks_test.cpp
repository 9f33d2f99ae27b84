#include "worker/srtp/aes_blocks.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/srtp/packets.h"

using namespace parley;
using namespace parley::srtp;

namespace {

constexpr auto kOurs = AesBlocks::Engine::Instructions;
constexpr auto kTheirs = AesBlocks::Engine::OpenSsl;

Block random_block(base::Random& random) {
    Block block;
    random.fill(block);
    return block;
}

}  // namespace

TEST_CASE("both engines encrypt a block alike, under many keys") {
    if (!AesInstructions::supported()) return;
    base::SeededRandom random(1);
    for (const size_t key_size : {16u, 32u}) {
        AesBlocks ours(key_size, kOurs), theirs(key_size, kTheirs);
        for (int i = 0; i < 500; ++i) {
            const Packet key = random_bytes(random, key_size);
            ours.set_key(key.data());
            theirs.set_key(key.data());
            const Block plain = random_block(random);
            REQUIRE(ours.encrypt(plain) == theirs.encrypt(plain));
        }
    }
}

TEST_CASE("both engines count alike, whatever the size and wherever the counter begins") {
    if (!AesInstructions::supported()) return;
    base::SeededRandom random(2);
    for (const size_t key_size : {16u, 32u}) {
        AesBlocks ours(key_size, kOurs), theirs(key_size, kTheirs);
        const Packet key = random_bytes(random, key_size);
        ours.set_key(key.data());
        theirs.set_key(key.data());
        for (size_t size = 0; size < 1'700; ++size) {
            const Block counter = random_block(random);
            Packet text = random_bytes(random, size), other = text;
            if (size % 2 == 0) {
                REQUIRE(ours.count_behind(counter, text) == theirs.count_behind(counter, other));
            } else {
                ours.count(counter, text);
                theirs.count(counter, other);
            }
            REQUIRE(text == other);
        }
    }
}

TEST_CASE("the counter's last 32 bits wrap without touching the others") {
    base::SeededRandom random(3);
    const Packet key = random_bytes(random, 16);
    for (const auto engine : {kTheirs, AesBlocks::fastest()}) {
        AesBlocks aes(16, engine);
        aes.set_key(key.data());
        Block counter = random_block(random);
        std::fill(counter.begin() + 12, counter.end(), uint8_t{0xff});
        Packet stream(32);
        aes.count(counter, stream);
        Block wrapped = counter;
        std::fill(wrapped.begin() + 12, wrapped.end(), uint8_t{0});
        const Block second = aes.encrypt(wrapped);
        CHECK(std::equal(second.begin(), second.end(), stream.begin() + 16));
    }
}

TEST_CASE("a byte behind the text is never touched") {
    base::SeededRandom random(4);
    AesBlocks aes(16);
    aes.set_key(random_bytes(random, 16).data());
    for (size_t size = 0; size < 300; ++size) {
        Packet room(size + 16, uint8_t{0x5a});
        aes.count(random_block(random), std::span(room).first(size));
        REQUIRE(std::count(room.begin() + static_cast<ptrdiff_t>(size), room.end(), 0x5a) == 16);
    }
}
