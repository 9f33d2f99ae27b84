#include "common/shell/frames.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "common/base/random.h"

using namespace parley;
using namespace parley::shell;

namespace {

std::string framed(const std::string& body) {
    const auto prefix = frame_prefix(body.size());
    return std::string(prefix.begin(), prefix.end()) + body;
}

// What a reader makes of a stream that arrives in two pieces.
std::vector<std::string> read_in_two(const std::string& stream, size_t cut) {
    FrameReader reader(1'000);
    std::vector<std::string> bodies;
    for (const std::string& piece : {stream.substr(0, cut), stream.substr(cut)}) {
        base::Bytes bytes = base::as_bytes(piece);
        while (reader.take(bytes)) {
            bodies.emplace_back(base::as_text(reader.body()));
            CHECK(reinterpret_cast<uintptr_t>(reader.body().data()) % 8 == 0);
        }
        CHECK(bytes.empty());
    }
    CHECK_FALSE(reader.too_long());
    return bodies;
}

}  // namespace

TEST_CASE("a prefix is four bytes, the least significant first") {
    CHECK(frame_prefix(0x01020304) == std::array<uint8_t, 4>{4, 3, 2, 1});
}

TEST_CASE("frames are whole again wherever the stream was cut") {
    const std::vector<std::string> bodies = {"one", std::string(300, 'x'), "", "four", "5"};
    std::string stream;
    for (const std::string& body : bodies) stream += framed(body);
    for (size_t cut = 0; cut <= stream.size(); ++cut) CHECK(read_in_two(stream, cut) == bodies);
}

TEST_CASE("a frame that is not all there is not handed on") {
    const std::string stream = framed("hello");
    for (size_t size = 0; size < stream.size(); ++size) {
        CHECK(read_in_two(stream.substr(0, size), size / 2).empty());
    }
}

TEST_CASE("the longest frame passes, one byte more ends the stream for good") {
    FrameReader reader(1'000);
    const std::string stream = framed(std::string(1'000, 'x')) + framed(std::string(1'001, 'y')) +
                               framed("never seen");
    base::Bytes bytes = base::as_bytes(stream);
    REQUIRE(reader.take(bytes));
    CHECK(reader.body().size() == 1'000);
    CHECK_FALSE(reader.too_long());
    CHECK_FALSE(reader.take(bytes));
    CHECK(reader.too_long());
    CHECK_FALSE(reader.take(bytes));
    CHECK(reader.body().empty());
}

TEST_CASE("any bytes at all are frames or the end of them") {
    base::SeededRandom random(5);
    for (int i = 0; i < 1'000; ++i) {
        std::vector<uint8_t> noise(random.below(64));
        random.fill(noise);
        if (noise.size() > 4 && i % 2 == 0) noise[1] = noise[2] = noise[3] = 0;
        FrameReader reader(64);
        base::Bytes bytes = noise;
        while (reader.take(bytes)) CHECK(reader.body().size() <= 64);
        CHECK((bytes.empty() || reader.too_long()));
    }
}
