#pragma once

#include <rapidjson/fwd.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

// JSON from outside, and JSON to it. What is read is bounded and checked once, at the door: whoever
// holds a Json may ask it anything and never trips over what a stranger wrote.
namespace parley {

// One value of a JsonDocument, or nothing: asking nothing, or the wrong type, answers nothing.
// Borrowed: valid as long as the document.
class Json {
public:
    Json() = default;
    explicit Json(const rapidjson::Value* value) : value_(value) {}

    bool present() const { return value_ != nullptr; }
    bool is_null() const;
    bool is_object() const;
    bool is_array() const;
    bool is_number() const;

    std::optional<std::string_view> text() const;
    std::optional<bool> flag() const;
    std::optional<uint64_t> number() const;  // a whole number that is not negative
    std::optional<double> real() const;      // any number

    Json operator[](std::string_view name) const;  // of an object
    std::vector<std::string_view> names() const;   // of an object's members, as they stand
    size_t size() const;                           // of an array; else 0
    Json operator[](size_t index) const;           // of an array

    // The value written again without spaces; "null" for nothing.
    std::string dump() const;
    std::string pretty() const;  // the same on many lines, for people

private:
    const rapidjson::Value* value_ = nullptr;
};

struct JsonLimits {
    size_t bytes = 64 * 1024;
    size_t depth = 32;  // of objects and arrays in each other
};

// Owns what was parsed.
class JsonDocument {
public:
    // The reason says where, in bytes from the start. Refused: over a limit, invalid UTF-8, a name
    // twice in an object, numbers no double can hold, anything after the value. RFC 8259.
    static base::Result<JsonDocument, std::string> parse(std::string_view text,
                                                         JsonLimits limits = {});
    JsonDocument(JsonDocument&&) noexcept;
    JsonDocument& operator=(JsonDocument&&) noexcept;
    ~JsonDocument();

    Json root() const;

private:
    JsonDocument();

    std::unique_ptr<rapidjson::Document> document_;
};

// Reads the members of one object. Like base::ByteReader it fails once and stays failed; error()
// names the first member that was wrong and what was wanted.
class JsonFields {
public:
    explicit JsonFields(Json object, std::string_view what = "data");

    // Required.
    std::string_view text(std::string_view name, size_t most_bytes);
    uint64_t number(std::string_view name, uint64_t most);
    double real(std::string_view name, double most);  // from 0
    bool flag(std::string_view name);
    Json object(std::string_view name);
    Json array(std::string_view name, size_t most);

    // Optional: null is the same as absent. The wrong type is an error all the same.
    std::string_view text_or(std::string_view name, size_t most_bytes, std::string_view fallback);
    uint64_t number_or(std::string_view name, uint64_t most, uint64_t fallback);
    bool flag_or(std::string_view name, bool fallback);
    Json object_or_nothing(std::string_view name);
    Json array_or_nothing(std::string_view name, size_t most);

    void fail(std::string_view name, std::string_view wanted);

    // Fails when the object has a member of another name: a misspelled option is no option.
    void only(std::initializer_list<std::string_view> names);

    bool ok() const { return error_.empty(); }
    const std::string& error() const { return error_; }

private:
    bool has(std::string_view name) const;

    Json object_;
    std::string what_;
    std::string error_;
};

// Writes compact JSON. The calls must nest rightly; that is the caller's to know.
class JsonWriter {
public:
    JsonWriter& object() { return open('{'); }
    JsonWriter& array() { return open('['); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& end_array() { return close(']'); }
    JsonWriter& key(std::string_view name);

    JsonWriter& text(std::string_view value);  // bytes that are not UTF-8 become U+FFFD
    JsonWriter& number(int64_t value);
    JsonWriter& number(uint64_t value);
    JsonWriter& real(double value);  // null when it is not finite
    JsonWriter& flag(bool value);
    JsonWriter& null() { return raw("null"); }
    JsonWriter& raw(std::string_view json);  // REQUIRES: one JSON value

    // A member of an object.
    JsonWriter& text(std::string_view name, std::string_view value) {
        return key(name).text(value);
    }
    JsonWriter& number(std::string_view name, int64_t value) { return key(name).number(value); }
    JsonWriter& number(std::string_view name, uint64_t value) { return key(name).number(value); }
    JsonWriter& number(std::string_view name, uint32_t value) {
        return key(name).number(uint64_t{value});
    }
    JsonWriter& real(std::string_view name, double value) { return key(name).real(value); }
    JsonWriter& flag(std::string_view name, bool value) { return key(name).flag(value); }
    JsonWriter& raw(std::string_view name, std::string_view json) { return key(name).raw(json); }

    std::string take() { return std::move(out_); }

private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    void separate();

    std::string out_;
    bool comma_ = false;
};

}  // namespace parley
