#include "common/json/json.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace parley;

namespace {

std::string why_not(std::string_view text, JsonLimits limits = {}) {
    const auto document = JsonDocument::parse(text, limits);
    return document ? "" : document.error();
}

}  // namespace

TEST_CASE("a value is read back as it was written") {
    const auto document =
        JsonDocument::parse(R"( {"a":"\u00e9\n","b":[1,-2,2.5,true,null],"c":{"d":0}} )");
    REQUIRE(document);
    const Json root = document->root();
    CHECK(root["a"].text() == "é\n");
    CHECK(root["b"].size() == 5);
    CHECK(root["b"][size_t{0}].number() == 1);
    CHECK(!root["b"][1].number());  // negative
    CHECK(!root["b"][2].number());  // not whole
    CHECK(root["b"][3].flag() == true);
    CHECK(root["b"][4].is_null());
    CHECK(root.dump() == R"({"a":"é\n","b":[1,-2,2.5,true,null],"c":{"d":0}})");
}

TEST_CASE("asking nothing, or the wrong type, answers nothing") {
    const auto document = JsonDocument::parse(R"({"a":1})");
    const Json root = document->root();
    CHECK(!root["b"].present());
    CHECK(!root["b"]["c"][size_t{7}].present());
    CHECK(!root["a"]["c"].present());
    CHECK(!root["a"].text());
    CHECK(root["a"].size() == 0);
    CHECK(!root[size_t{0}].present());
    CHECK(root["b"].dump() == "null");
    CHECK(!root[std::string_view()].present());
}

TEST_CASE("what is no JSON is refused with the place") {
    CHECK(why_not("").find("empty") != std::string::npos);
    CHECK(why_not(R"({"a":})").find("byte 5") != std::string::npos);
    CHECK(!why_not("{} {}").empty());
    CHECK(!why_not("NaN").empty());
    CHECK(!why_not("[Infinity]").empty());
    CHECK(!why_not("1e999").empty());
    CHECK(!why_not("'a'").empty());
    CHECK(!why_not("[1,]").empty());
    CHECK(!why_not("/**/1").empty());
    CHECK(why_not(std::string_view("{}\0x", 4)) == "a zero byte at 2");
    CHECK(!why_not("\"\xff\"").empty());
    CHECK(!why_not("\"\xc0\xaf\"").empty());      // overlong
    CHECK(!why_not("\"\xed\xa0\x80\"").empty());  // a surrogate
    CHECK(!why_not(R"("\ud800")").empty());
    CHECK(why_not(R"({"a":1,"b":{"c":1,"c":2}})") == "a name twice in an object");
    CHECK(why_not(R"({"a":1,"\u0061":2})") == "a name twice in an object");
    std::string many = "{\"a\":0";
    for (int name = 0; name < 40; ++name) many += ",\"" + std::to_string(name) + "\":0";
    CHECK(why_not(many + "}") == "");
    CHECK(why_not(many + ",\"a\":1}") == "a name twice in an object");
}

TEST_CASE("size and depth are bounded") {
    CHECK(why_not("12345", {.bytes = 4}) == "longer than 4 bytes");
    CHECK(why_not("1234", {.bytes = 4}).empty());
    CHECK(why_not("[[[1]]]", {.depth = 3}).empty());
    CHECK(why_not("[[[[1]]]]", {.depth = 3}) == "deeper than 3 levels");
    CHECK(why_not(R"(["[[[[\"[[[[",1])", {.depth = 1}).empty());  // brackets in a text
    CHECK(!why_not(std::string(60'000, '[')).empty());
    CHECK(why_not(R"([{"a":[]},{"a":[]}])", {.depth = 3}).empty());
}

TEST_CASE("fields name the first that was wrong") {
    const auto document = JsonDocument::parse(R"({"name":"ada","age":36,"on":"yes","no":null})");
    JsonFields good(document->root());
    CHECK(good.text("name", 3) == "ada");
    CHECK(good.number("age", 36) == 36);
    CHECK(good.text_or("none", 9, "x") == "x");
    CHECK(good.flag_or("no", true));
    CHECK(good.ok());
    JsonFields bad(document->root());
    CHECK(bad.text("name", 2).empty());
    bad.number("age", 35);
    bad.flag("on");
    CHECK(bad.error() == "data.name: wanted text of at most 2 bytes");
    JsonFields wrong(document->root());
    CHECK(!wrong.flag_or("on", false));
    CHECK(wrong.error() == "data.on: wanted true or false");
    JsonFields nothing(Json{}, "message");
    CHECK(nothing.error() == "message: wanted an object");
    CHECK(nothing.number("age", 9) == 0);
}

TEST_CASE("what is written is JSON, whatever it is given") {
    JsonWriter out;
    out.object().text("a", "q\"\\\x01\x7f").text("b", "bad \xff\xc3 end");
    out.real("nan", std::nan("")).real("half", 0.5);
    out.number("min", std::numeric_limits<int64_t>::min());
    out.number("max", std::numeric_limits<uint64_t>::max());
    out.key("list").array().null().flag(false).array().end_array().end_array();
    const std::string text = out.end_object().take();
    CHECK(text ==
          "{\"a\":\"q\\\"\\\\\\u0001\x7f\",\"b\":\"bad \xef\xbf\xbd\xef\xbf\xbd end\","
          "\"nan\":null,\"half\":0.5,\"min\":-9223372036854775808,"
          "\"max\":18446744073709551615,\"list\":[null,false,[]]}");
    CHECK(JsonDocument::parse(text).ok());
}

TEST_CASE("an object that is to have certain members has no others") {
    const auto document = JsonDocument::parse(R"({"room":"a","maxPeer\n":3})");
    JsonFields fields(document->root(), "options");
    fields.only({"room", "maxPeer\n"});
    CHECK(fields.ok());
    fields.only({"room", "maxPeers"});
    CHECK(fields.error() == R"(options: no member is called "maxPeer\u000a")");
    JsonFields nothing(document->root()["room"]);
    nothing.only({});
    CHECK(nothing.error() == "data: wanted an object");
}

TEST_CASE("a number may have a fraction where one is wanted") {
    const auto document = JsonDocument::parse(R"({"half":0.5,"one":1,"less":-0.1,"text":"1"})");
    JsonFields good(document->root());
    CHECK(good.real("half", 1) == 0.5);
    CHECK(good.real("one", 1) == 1.0);
    CHECK(good.ok());
    for (const char* name : {"less", "text", "none"}) {
        JsonFields bad(document->root());
        CHECK(bad.real(name, 1) == 0);
        CHECK(!bad.ok());
    }
    JsonFields large(document->root());
    large.real("one", 0.9);
    CHECK(!large.ok());
}
