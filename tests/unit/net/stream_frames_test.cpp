#include "worker/net/stream_frames.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "common/base/random.h"
#include "worker/limits.h"

using namespace parley;
using namespace parley::net;

namespace {

using Bytes = std::vector<uint8_t>;
using Texts = std::vector<std::string>;

std::string framed(const std::string& text) {
    const char length[] = {static_cast<char>(text.size() >> 8), static_cast<char>(text.size())};
    return std::string(length, 2) + text;
}

// Puts `text` in, as far as there is room, and returns how much of it that was.
size_t feed(FrameCutter& cutter, std::string_view text) {
    const std::span<uint8_t> room = cutter.room();
    const size_t size = std::min(room.size(), text.size());
    std::copy_n(text.begin(), size, room.begin());
    cutter.add(size);
    return size;
}

Texts cut(FrameCutter& cutter) {
    Texts texts;
    while (const auto bytes = cutter.next()) texts.emplace_back(bytes->begin(), bytes->end());
    return texts;
}

// What comes of a stream that is read in pieces of at most `piece` bytes.
Texts cut_in_pieces(FrameCutter& cutter, std::string_view stream, size_t piece) {
    Texts all;
    while (!stream.empty() && !cutter.broken()) {
        stream.remove_prefix(feed(cutter, stream.substr(0, piece)));
        for (std::string& text : cut(cutter)) all.push_back(std::move(text));
    }
    return all;
}

std::string take(FrameBacklog& backlog, size_t size) {
    const auto bytes = backlog.waiting();
    const std::string text(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
    backlog.written(size);
    return text;
}

}  // namespace

TEST_CASE("a stream is cut into its datagrams, however the network cut it before") {
    const Texts texts = {"a", "", std::string(1'500, 'v'), "check", std::string(300, 'x'), "z"};
    std::string stream;
    for (const std::string& text : texts) stream += framed(text);
    for (const size_t piece : {1u, 2u, 3u, 7u, 1'000u, 100'000u}) {
        FrameCutter cutter;
        CHECK(cut_in_pieces(cutter, stream, piece) == texts);
        CHECK_FALSE(cutter.halfway());
        CHECK_FALSE(cutter.broken());
    }
}

TEST_CASE("half a frame waits for its rest, which says so") {
    FrameCutter cutter;
    CHECK_FALSE(cutter.halfway());
    for (const char byte : framed("voice").substr(0, 6)) {
        feed(cutter, std::string(1, byte));
        CHECK(cut(cutter).empty());
        CHECK(cutter.halfway());
    }
    feed(cutter, "e" + framed("more"));
    CHECK(cut(cutter) == Texts{"voice", "more"});
    CHECK_FALSE(cutter.halfway());
}

TEST_CASE("a frame longer than a datagram ends the stream, what came before it is heard") {
    FrameCutter cutter;
    CHECK(cut_in_pieces(cutter, framed("before") + framed(std::string(1'501, 'x')), 100'000) ==
          Texts{"before"});
    CHECK(cutter.broken());
    CHECK_FALSE(cutter.next());
    FrameCutter longest;
    feed(longest, "\xff\xff");  // known from its length, before any of it came
    CHECK(cut(longest).empty());
    CHECK(longest.broken());
}

TEST_CASE("there is always room for the rest of a frame, whatever came before it") {
    base::SeededRandom random(3);
    std::string stream;
    Texts texts;
    for (int i = 0; i < 500; ++i) {
        texts.emplace_back(random.below(limits::kDatagramBytes + 1),
                           static_cast<char>('a' + i % 26));
        stream += framed(texts.back());
    }
    FrameCutter cutter;
    Texts heard;
    for (std::string_view rest = stream; !rest.empty();) {
        REQUIRE(!cutter.room().empty());
        rest.remove_prefix(feed(cutter, rest.substr(0, 1 + random.below(5'000))));
        for (std::string& text : cut(cutter)) heard.push_back(std::move(text));
    }
    CHECK(heard == texts);
}

TEST_CASE("random bytes are cut or refused, and never more comes out than went in") {
    base::SeededRandom random(4);
    for (int i = 0; i < 300; ++i) {
        Bytes bytes(random.below(8'000));
        random.fill(bytes);
        for (uint8_t& byte : bytes) byte &= random.below(3) == 0 ? 0xff : 0x01;  // short lengths
        FrameCutter cutter;
        size_t out = 0;
        for (const std::string& text :
             cut_in_pieces(cutter, base::as_text(bytes), 1 + random.below(900))) {
            out += kFrameHeader + text.size();
        }
        CHECK(out <= bytes.size());
    }
}

TEST_CASE("what waits leaves in order, however little the stream takes at once") {
    for (const size_t piece : {1u, 2u, 5u, 9u, 100u}) {
        FrameBacklog backlog;
        std::string stream;
        for (const char* text : {"one", "", "three"}) REQUIRE(backlog.push(base::as_bytes(text)));
        CHECK(backlog.datagrams() == 3);
        while (!backlog.empty()) {
            stream += take(backlog, std::min(piece, backlog.waiting().size()));
            CHECK((backlog.datagrams() == 0) == backlog.empty());
        }
        CHECK(stream == framed("one") + framed("") + framed("three"));
    }
}

TEST_CASE("a datagram counts as waiting until its last byte is taken") {
    FrameBacklog backlog;
    REQUIRE(backlog.push(base::as_bytes("one")));
    REQUIRE(backlog.push(base::as_bytes("two")));
    backlog.written(4);
    CHECK(backlog.datagrams() == 2);
    backlog.written(1);
    CHECK(backlog.datagrams() == 1);
    backlog.clear();
    CHECK((backlog.empty() && backlog.datagrams() == 0));
    REQUIRE(backlog.push(base::as_bytes("three")));
    CHECK(take(backlog, 7) == framed("three"));
}

TEST_CASE("no more waits than is of use, and there is room again for what was taken") {
    FrameBacklog backlog;
    const std::string voice(126, 'v');
    size_t pushed = 0;
    while (backlog.push(base::as_bytes(voice))) ++pushed;
    CHECK(pushed == limits::kTcpBacklogBytes / framed(voice).size());
    CHECK(backlog.datagrams() == pushed);
    take(backlog, framed(voice).size() + 5);  // the next one is begun
    REQUIRE(backlog.push(base::as_bytes(std::string(126, 'w'))));
    CHECK_FALSE(backlog.push(base::as_bytes(voice)));
    std::string rest = take(backlog, backlog.waiting().size());
    CHECK(rest.starts_with(framed(voice).substr(5)));
    CHECK(rest.ends_with(framed(std::string(126, 'w'))));
}
