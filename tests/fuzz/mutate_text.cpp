#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "tests/fuzz/mutate.h"

namespace parley::fuzz {

namespace {

// A text of fewer bytes is not so deep that recursion over it ends badly.
constexpr size_t kDeepest = 8'000;

std::string nested(size_t levels, const std::string& open, const std::string& close) {
    std::string text;
    for (size_t i = 0; i < levels; ++i) text += open;
    text += "1";
    for (size_t i = 0; i < levels; ++i) text += close;
    return text;
}

// What may stand where a value should.
const std::vector<std::string>& strange_values() {
    static const std::vector<std::string> values = {
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1",
        "0.5",
        "-0",
        "1e308",
        "1e400",
        "-1e400",
        "1e-400",
        "9007199254740993",
        "18446744073709551615",
        "18446744073709551616",
        "4294967296",
        "256",
        std::string(400, '9'),
        "NaN",
        "Infinity",
        "01",
        "1.",
        "[]",
        "{}",
        "[[]]",
        "[{}]",
        "\"\"",
        "\"a\"",
        R"("\ud800")",
        R"("\udc00\ud800")",
        R"("\u0000")",
        R"("\ud83d\ude00")",
        "\"\xff\xfe\"",
        "\"\xc0\xaf\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\x01\"",
        "\"" + std::string(65, 'x') + "\"",
        "\"" + std::string(5'000, 'x') + "\"",
        "\"" + std::string(70'000, 'x') + "\"",
        "\"../..\"",
        "\"%00%2e\"",
        "\"a\\\"b\\\\c\"",
        R"({"a":1,"a":2})",
        R"({"__proto__":{}})",
        R"({"":null})",
        nested(31, "[", "]"),
        nested(33, "[", "]"),
        nested(20'000, "[", "]"),
        nested(33, R"({"a":)", "}"),
        nested(1, "[" + std::string(2'000, '0') + ",", "]"),
        "",
        "\"",
        "{",
        "]",
        "/*x*/1",
        "'a'"};
    return values;
}

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

// Writes a value anew, with something else where the `target`-th one was.
class Rewriter {
public:
    Rewriter(size_t target, const std::string& instead) : left_(target), instead_(instead) {}

    std::string write(const rapidjson::Value& value) {
        const bool here = left_-- == 0;
        if (here) return instead_;
        if (value.IsObject()) return write_object(value);
        if (value.IsArray()) return write_array(value);
        rapidjson::StringBuffer buffer;
        Writer writer(buffer);
        value.Accept(writer);
        return buffer.GetString();
    }

private:
    std::string write_object(const rapidjson::Value& object) {
        std::string text = "{";
        for (const auto& member : object.GetObject()) {
            if (text.size() > 1) text += ',';
            text += '"' + std::string(member.name.GetString()) + "\":" + write(member.value);
        }
        return text + "}";
    }
    std::string write_array(const rapidjson::Value& array) {
        std::string text = "[";
        for (const auto& item : array.GetArray()) {
            if (text.size() > 1) text += ',';
            text += write(item);
        }
        return text + "]";
    }

    size_t left_;
    const std::string& instead_;
};

std::string text_of(const rapidjson::Value& value) {
    const std::string nothing;
    return Rewriter(SIZE_MAX, nothing).write(value);
}

void collect(const rapidjson::Value& value, std::vector<const rapidjson::Value*>& all) {
    all.push_back(&value);
    if (value.IsObject()) {
        for (const auto& member : value.GetObject()) collect(member.value, all);
    } else if (value.IsArray()) {
        for (const auto& item : value.GetArray()) collect(item, all);
    }
}

// The value with a member of its own once more, or a part of the other text, or a strange thing.
std::string in_place_of(base::Random& random, const rapidjson::Value& value,
                        const std::vector<const rapidjson::Value*>& others) {
    const uint64_t how = random.below(4);
    if (how == 0 && value.IsObject() && value.MemberCount() > 0) {
        std::string text = text_of(value);
        const auto& first = *value.MemberBegin();
        text.pop_back();
        return text + ",\"" + first.name.GetString() + "\":" + text_of(first.value) + "}";
    }
    if (how == 1 && value.IsArray()) {
        std::string text = "[" + text_of(value);
        for (uint64_t times = random.below(40); times > 0; --times) text += "," + text_of(value);
        return text + "]";
    }
    if (how == 2 && !others.empty()) return text_of(*others[random.below(others.size())]);
    return strange_values()[random.below(strange_values().size())];
}

Message bytes_of(const std::string& text) {
    return {text.begin(), text.end()};
}

}  // namespace

std::string mutated_text(base::Random& random, const std::string& text, const std::string& other) {
    rapidjson::Document document, donor;
    const bool structured = random.below(4) != 0 && text.size() < kDeepest &&
                            !document.Parse(text.c_str()).HasParseError();
    if (!structured) {
        const Message bytes = mutated(random, bytes_of(text), bytes_of(other));
        return {bytes.begin(), bytes.end()};
    }
    std::vector<const rapidjson::Value*> values, others;
    collect(document, values);
    if (other.size() < kDeepest && !donor.Parse(other.c_str()).HasParseError()) {
        collect(donor, others);
    }
    const size_t target = random.below(values.size());
    const std::string instead = in_place_of(random, *values[target], others);
    std::string made = Rewriter(target, instead).write(document);
    return random.below(4) == 0 ? mutated_text(random, made, other) : made;
}

}  // namespace parley::fuzz
