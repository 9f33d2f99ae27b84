#include <algorithm>
#include <charconv>
#include <cmath>

#include "common/json/json.h"

namespace parley {

namespace {

// Bytes of the UTF-8 character that `text` starts with; 0 when it starts with none. Unicode 15.0
// table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
size_t utf8_size(std::string_view text) {
    const auto byte = [&](size_t i) -> unsigned {
        return i < text.size() ? static_cast<uint8_t>(text[i]) : 0;
    };
    const auto tail = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
    const unsigned first = byte(0), second = byte(1);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        if (first == 0xe0 && second < 0xa0) return 0;
        if (first == 0xed && second > 0x9f) return 0;
        return tail(1) && tail(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        if (first == 0xf0 && second < 0x90) return 0;
        if (first == 0xf4 && second > 0x8f) return 0;
        return tail(1) && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

void escape(char c, std::string& out) {
    constexpr char kHex[] = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
    } else if (static_cast<uint8_t>(c) < 0x20) {
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    } else {
        out += c;
    }
}

// Most text is nothing but these: it is copied as a whole.
size_t plain_size(std::string_view text) {
    const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
    return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
}

template <typename Number>
void append_number(Number value, std::string& out) {
    char room[32];
    const auto end = std::to_chars(room, room + sizeof room, value).ptr;
    out.append(room, end);
}

}  // namespace

void JsonWriter::separate() {
    if (comma_) out_ += ',';
    comma_ = true;
}

JsonWriter& JsonWriter::open(char bracket) {
    separate();
    out_ += bracket;
    comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    out_ += bracket;
    comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    text(name);
    out_ += ':';
    comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
    separate();
    out_ += '"';
    for (;;) {
        const size_t plain = plain_size(value);
        out_ += value.substr(0, plain);
        value.remove_prefix(plain);
        if (value.empty()) break;
        const size_t size = utf8_size(value);
        if (size == 0) {
            out_ += "\xef\xbf\xbd";
        } else if (size == 1) {
            escape(value[0], out_);
        } else {
            out_ += value.substr(0, size);
        }
        value.remove_prefix(size == 0 ? 1 : size);
    }
    out_ += '"';
    return *this;
}

JsonWriter& JsonWriter::number(int64_t value) {
    separate();
    append_number(value, out_);
    return *this;
}

JsonWriter& JsonWriter::number(uint64_t value) {
    separate();
    append_number(value, out_);
    return *this;
}

JsonWriter& JsonWriter::real(double value) {
    if (!std::isfinite(value)) return null();
    separate();
    append_number(value, out_);
    return *this;
}

JsonWriter& JsonWriter::flag(bool value) {
    return raw(value ? "true" : "false");
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
}

}  // namespace parley
