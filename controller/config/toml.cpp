#include "controller/config/toml.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <optional>

namespace parley::controller {

namespace {

bool is_bare(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
}

// A UTF-8 encoding of a code point that \u or \U named.
void append_utf8(std::string& text, uint32_t code) {
    const auto byte = [&](uint32_t value) { text.push_back(static_cast<char>(value)); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
        byte(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            byte(0xe0 | code >> 12);
        } else {
            byte(0xf0 | code >> 18);
            byte(0x80 | (code >> 12 & 0x3f));
        }
        byte(0x80 | (code >> 6 & 0x3f));
    }
    byte(0x80 | (code & 0x3f));
}

// Fails once and stays failed: the first reason is the one that is told.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool ok() const { return error_.reason.empty(); }
    const FileError& error() const { return error_; }

    // Moves on to the next key; false at the end of the file.
    bool find_key() {
        skip_blank(true);
        return ok() && !rest_.empty();
    }

    FileEntry entry() {
        FileEntry entry;
        entry.line = line_;
        if (peek() == '[') fail("tables are not used here: write the key at the start of a line");
        entry.key = key();
        skip_blank(false);
        if (!accept('=')) fail("a key is followed by '='");
        skip_blank(false);
        if (peek() == '[') {
            array(entry.values);
        } else {
            entry.values.push_back(value());
        }
        skip_blank(false);
        if (!rest_.empty() && peek() != '\n') fail("a value ends its line");
        return entry;
    }

private:
    char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

    char take() {
        const char c = peek();
        if (c == '\n') ++line_;
        if (!rest_.empty()) rest_.remove_prefix(1);
        return c;
    }

    bool accept(char c) {
        if (rest_.empty() || peek() != c) return false;
        take();
        return true;
    }

    void fail(std::string reason) {
        if (ok()) error_ = {line_, std::move(reason)};
        rest_ = {};
    }

    void skip_blank(bool lines) {
        while (!rest_.empty()) {
            const char c = peek();
            if (c == '#') {
                rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
            } else if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
                take();
            } else {
                return;
            }
        }
    }

    std::string bare() {
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_bare);
        const std::string word(rest_.begin(), end);
        rest_.remove_prefix(word.size());
        return word;
    }

    std::string key() {
        std::string name = bare();
        if (ok() && name.empty()) fail("a key is of letters, digits, '-' and '_'");
        return name;
    }

    void array(std::vector<std::string>& values) {
        take();
        for (skip_blank(true); ok() && !accept(']'); skip_blank(true)) {
            if (rest_.empty()) return fail("the array has no ']'");
            values.push_back(value());
            skip_blank(true);
            if (peek() != ']' && !accept(',')) return fail("values are separated by ','");
        }
    }

    std::string value() {
        if (accept('"')) return quoted('"');
        if (accept('\'')) return quoted('\'');
        const std::string word = bare();
        if (word == "true" || word == "false") return word;
        const bool number = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
            return c >= '0' && c <= '9';
        });
        if (ok() && !number) {
            fail("a value is \"text\", a whole number, true, false or an array of them");
        }
        return word;
    }

    std::string quoted(char quote) {
        std::string text;
        for (;;) {
            if (rest_.empty() || peek() == '\n') {
                fail("the text has no closing quote");
                return text;
            }
            const char c = take();
            if (c == quote) return text;
            if (c == '\\' && quote == '"') {
                escape(text);
            } else {
                text.push_back(c);
            }
        }
    }

    void escape(std::string& text) {
        constexpr std::string_view kNames = "btnfr\"\\", kMeant = "\b\t\n\f\r\"\\";
        const char c = take();
        if (const size_t at = kNames.find(c); at != kNames.npos && c != '\0') {
            text.push_back(kMeant[at]);
        } else if (c == 'u' || c == 'U') {
            const std::optional<uint32_t> code = hex(c == 'u' ? 4 : 8);
            if (!code) return fail("\\u takes 4 and \\U 8 hexadecimal digits, naming a character");
            append_utf8(text, *code);
        } else {
            fail("unknown escape; in 'single quotes' a backslash is only a backslash");
        }
    }

    std::optional<uint32_t> hex(size_t digits) {
        const std::string word(rest_.substr(0, digits));
        if (word.size() < digits || !std::all_of(word.begin(), word.end(), [](unsigned char c) {
                return std::isxdigit(c) != 0;
            })) {
            return std::nullopt;
        }
        rest_.remove_prefix(digits);
        const uint64_t code = std::stoull(word, nullptr, 16);
        if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return std::nullopt;
        return static_cast<uint32_t>(code);
    }

    std::string_view rest_;
    int line_ = 1;
    FileError error_;
};

}  // namespace

base::Result<std::vector<FileEntry>, FileError> parse_toml(std::string_view text) {
    std::vector<FileEntry> entries;
    Reader reader(text);
    while (reader.find_key()) {
        FileEntry entry = reader.entry();
        if (!reader.ok()) break;
        const auto same = [&](const FileEntry& other) { return other.key == entry.key; };
        const auto known = std::find_if(entries.begin(), entries.end(), same);
        if (known != entries.end()) {
            return base::Err(FileError{entry.line, entry.key + " was already given in line " +
                                                       std::to_string(known->line)});
        }
        entries.push_back(std::move(entry));
    }
    if (!reader.ok()) return base::Err(reader.error());
    return entries;
}

std::string toml_string(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            quoted += {'\\', c};
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
            quoted += escape;
        } else {
            quoted.push_back(c);
        }
    }
    return quoted + "\"";
}

}  // namespace parley::controller
