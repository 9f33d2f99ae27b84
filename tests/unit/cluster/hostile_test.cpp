#include <doctest/doctest.h>

#include <functional>

#include "common/base/random.h"
#include "common/cluster/codec.h"
#include "tests/unit/cluster/samples.h"

using namespace parley;
using namespace parley::cluster;

namespace {

constexpr int kMutations = 20'000;  // of each kind of message

constexpr std::string_view kTokens[] = {"{",
                                        "}",
                                        "[",
                                        "]",
                                        "\"",
                                        ":",
                                        ",",
                                        "null",
                                        "-1",
                                        "1e999",
                                        "18446744073709551616",
                                        "0",
                                        "true",
                                        "\\u0000",
                                        "\xff",
                                        "\"room\"",
                                        "\"type\"",
                                        "\"epoch\":0",
                                        "{}",
                                        "[[[[[[[["};

// One to four wounds such as a broken or hostile sender gives.
std::string mutated(base::Random& random, std::string text) {
    for (uint64_t left = 1 + random.below(4); left > 0 && !text.empty(); --left) {
        const size_t at = random.below(text.size());
        const size_t size = 1 + random.below(12);
        switch (random.below(6)) {
            case 0: text[at] = static_cast<char>(random.below(256)); break;
            case 1: text.resize(at); break;
            case 2: text.erase(at, size); break;
            case 3: text.insert(at, text.substr(random.below(text.size()), size)); break;
            case 4: text.insert(at, kTokens[random.below(std::size(kTokens))]); break;
            default: {
                const std::string_view token = kTokens[random.below(std::size(kTokens))];
                text.replace(at, token.size(), token);
            }
        }
    }
    return text;
}

struct Seen {
    int read = 0, refused = 0;
};

// What is read must be read again from what it is written as: nothing halfway gets in.
template <typename Parse>
Seen attack(uint64_t seed, const std::vector<std::string>& messages, Parse parse) {
    base::SeededRandom random(seed);
    Seen seen;
    for (int i = 0; i < kMutations; ++i) {
        const std::string body = mutated(random, messages[random.below(messages.size())]);
        const auto value = parse(body);
        if (!value) {
            ++seen.refused;
            REQUIRE(!value.error().empty());
            continue;
        }
        ++seen.read;
        const auto again = parse(write(*value));
        CAPTURE(body);
        REQUIRE(again);
        REQUIRE(write(*again) == write(*value));
    }
    return seen;
}

}  // namespace

TEST_CASE("no mutated command gets in halfway") {
    std::vector<std::string> messages;
    for (const Command& command : samples::commands()) messages.push_back(write(command));
    for (const Origin origin : {Origin::App, Origin::Service}) {
        const Seen seen = attack(
            1, messages, [&](const std::string& body) { return parse_command(body, origin); });
        CHECK(seen.read > 100);
        CHECK(seen.refused > 10'000);
    }
}

TEST_CASE("no mutated answer gets in halfway") {
    std::vector<std::string> messages;
    for (const Answer& answer : samples::answers()) messages.push_back(write(answer));
    const Seen seen = attack(2, messages, parse_answer);
    CHECK(seen.read > 100);
    CHECK(seen.refused > 10'000);
}

TEST_CASE("no mutated beat gets in halfway") {
    Beat whole = samples::beat();
    whole.whole = true;
    whole.closed.clear();
    const Seen seen = attack(3, {write(samples::beat()), write(whole)}, parse_beat);
    CHECK(seen.read > 100);
    CHECK(seen.refused > 10'000);
}

TEST_CASE("no mutated event gets in halfway") {
    const Seen seen = attack(4, {write(samples::event())}, parse_event);
    CHECK(seen.read > 100);
    CHECK(seen.refused > 10'000);
}

TEST_CASE("what is too long is refused for that") {
    const std::string spaces(kCommandBytes, ' ');
    CHECK(parse_command(spaces + R"({"type":"server.list"})").error() == "longer than 65536 bytes");
    CHECK(!parse_event(std::string(kEventBytes + 1, ' ')));
    CHECK(!parse_answer(std::string(kAnswerBytes + 1, ' ')));
    CHECK(!parse_beat(std::string(kBeatBytes + 1, ' ')));
}

TEST_CASE("a message cut short at any byte is refused") {
    const std::string beat = write(samples::beat());
    for (size_t size = 0; size < beat.size(); ++size) CHECK(!parse_beat(beat.substr(0, size)));
    for (const Command& command : samples::commands()) {
        const std::string text = write(command);
        for (size_t size = 0; size < text.size(); ++size) {
            CHECK(!parse_command(text.substr(0, size), Origin::Service));
        }
    }
}
