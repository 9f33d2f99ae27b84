#include "common/shell/log.h"

#include <doctest/doctest.h>

#include <array>

using namespace parley::shell;

namespace {

const std::array<LogField, 2> kFields = {LogField{"room", "standup"},
                                         LogField{"name", "Ada \"L\""}};

}  // namespace

TEST_CASE("a line for people names what it concerns") {
    CHECK(log_body(LogFormat::Text, "joined", kFields) ==
          R"(joined room=standup name="Ada \"L\"")");
    CHECK(log_body(LogFormat::Text, "say \"hi\"", {}) == "say \"hi\"");
    const std::array<LogField, 1> empty = {LogField{"peer", ""}};
    CHECK(log_body(LogFormat::Text, "x", empty) == R"(x peer="")");
}

TEST_CASE("a line for machines is made of JSON members") {
    CHECK(log_body(LogFormat::Json, "say \"hi\"", kFields) ==
          R"("text":"say \"hi\"","room":"standup","name":"Ada \"L\"")");
}

TEST_CASE("a line stays one line, whoever wrote what is in it") {
    const std::array<LogField, 1> forged = {LogField{"name", "a\nb\x1b[2J\x7f"}};
    CHECK(log_body(LogFormat::Text, "x\ny", forged) ==
          R"(x\u000ay name="a\u000ab\u001b[2J\u007f")");
    CHECK(log_body(LogFormat::Json, "x\ny", forged) ==
          R"("text":"x\u000ay","name":"a\u000ab\u001b[2J\u007f")");
}
