#include "worker/net/outbox.h"

#include <doctest/doctest.h>

#include <string>

using namespace parley;
using namespace parley::net;

namespace {

struct Taken final : DatagramSink {
    void send(std::span<const Datagram> batch) override {
        ++flushes;
        for (const Datagram& datagram : batch) {
            texts.emplace_back(datagram.bytes.begin(), datagram.bytes.end());
        }
    }

    int flushes = 0;
    std::vector<std::string> texts;
};

void write(Outbox& out, const std::string& text) {
    const auto room = out.next();
    REQUIRE(room.size() == limits::kDatagramBytes);
    std::copy(text.begin(), text.end(), room.begin());
    out.commit(Path{}, text.size());
}

}  // namespace

TEST_CASE("what is committed leaves in order at the flush, once") {
    Taken taken;
    Outbox out(taken);
    write(out, "one");
    out.next();  // asked for, never committed
    write(out, "two");
    CHECK(taken.flushes == 0);
    out.flush();
    out.flush();
    CHECK(taken.flushes == 1);
    CHECK(taken.texts == std::vector<std::string>{"one", "two"});
}

TEST_CASE("a turn with more than the outbox holds loses nothing") {
    Taken taken;
    Outbox out(taken);
    for (size_t i = 0; i < 3 * limits::kOutboxDatagrams; ++i) write(out, std::to_string(i));
    const std::string longest(limits::kDatagramBytes, 'x');
    for (size_t i = 0; i < 200; ++i) write(out, longest);
    out.flush();
    REQUIRE(taken.texts.size() == 3 * limits::kOutboxDatagrams + 200);
    CHECK(taken.texts[1234] == "1234");
    CHECK(taken.texts.back() == longest);
}
