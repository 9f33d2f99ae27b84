#include "controller/config/toml.h"

#include <doctest/doctest.h>

#include "common/base/random.h"

using namespace parley::controller;

TEST_CASE("a file of every kind of value is read with its lines") {
    const auto entries = parse_toml(
        "# comment\n"
        "port = 80  # trailing\n"
        "on = true\r\n"
        "\n"
        "text = \"a # \\\"b\\\" \\u00e9\\n\"\n"
        "plain = 'C:\\x'\n"
        "list = [ \"a\", # first\n"
        "  'b',\n"
        "]\n"
        "none = []");
    REQUIRE(entries.ok());
    REQUIRE(entries->size() == 6);
    CHECK(entries.value()[0].key == "port");
    CHECK(entries.value()[0].values == std::vector<std::string>{"80"});
    CHECK(entries.value()[0].line == 2);
    CHECK(entries.value()[1].values == std::vector<std::string>{"true"});
    CHECK(entries.value()[2].values == std::vector<std::string>{"a # \"b\" \u00e9\n"});
    CHECK(entries.value()[3].values == std::vector<std::string>{"C:\\x"});
    CHECK(entries.value()[4].values == std::vector<std::string>{"a", "b"});
    CHECK(entries.value()[5].values.empty());
    CHECK(entries.value()[5].line == 10);
}

TEST_CASE("what is not TOML is refused with its line") {
    const struct {
        const char* text;
        int line;
    } cases[] = {
        {"port", 1},
        {"port 80", 1},
        {"\nport = ", 2},
        {"port = 80 81", 1},
        {"= 1", 1},
        {"a = \"x", 1},
        {"a = \"x\ny\"", 1},
        {"a = [1, 2", 1},
        {"a = [1 2]", 1},
        {"a = yes", 1},
        {"a = -1", 1},
        {"a = 1.5", 1},
        {"[table]\na = 1", 1},
        {"a = 1\nb = 2\na = 3", 3},
        {"a = \"\\q\"", 1},
        {"a = \"\\ud800\"", 1},
        {"a = \"\\u12\"", 1},
        {"a = \"\\u0000\"", 1},
    };
    for (const auto& one : cases) {
        CAPTURE(one.text);
        const auto entries = parse_toml(one.text);
        REQUIRE(!entries.ok());
        CHECK(entries.error().line == one.line);
        CHECK(!entries.error().reason.empty());
    }
}

TEST_CASE("any text survives being quoted and read back") {
    parley::base::SeededRandom random(5);
    for (int i = 0; i < 2'000; ++i) {
        std::string text;
        for (uint64_t n = random.below(20); n > 0; --n) {
            text.push_back(static_cast<char>(1 + random.below(126)));
        }
        const auto entries = parse_toml("k = " + toml_string(text) + "\n");
        REQUIRE(entries.ok());
        REQUIRE(entries.value()[0].values == std::vector<std::string>{text});
    }
}

TEST_CASE("a mangled file ends in entries or in an error, never in a crash") {
    const std::string good = "a = \"x\\n\\u00e9\"\nb = [1, 'y', true] # z\nc-d = 12\n";
    parley::base::SeededRandom random(6);
    for (int i = 0; i < 20'000; ++i) {
        std::string text = good;
        for (uint64_t n = 1 + random.below(4); n > 0; --n) {
            const size_t at = random.below(text.size());
            if (random.below(3) == 0) {
                text.erase(at, 1 + random.below(5));
            } else {
                text[at] = static_cast<char>(random.below(256));
            }
        }
        const auto entries = parse_toml(text);
        CHECK((entries.ok() || entries.error().line > 0));
    }
}
