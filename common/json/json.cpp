#include "common/json/json.h"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <vector>

namespace parley {

namespace {

std::string_view name_of(const rapidjson::Value& value) {
    return {value.GetString(), value.GetStringLength()};
}

// How deep brackets open in each other. Only a bound: whether they match is the parser's to say.
size_t depth_of(std::string_view text) {
    size_t depth = 0, deepest = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            deepest = std::max(deepest, ++depth);
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return deepest;
}

// Few names are compared as they stand; a stranger may send thousands.
constexpr size_t kFewNames = 16;

bool own_names_are_unique(const rapidjson::Value& object) {
    if (object.MemberCount() <= kFewNames) {
        for (auto one = object.MemberBegin(); one != object.MemberEnd(); ++one) {
            for (auto other = object.MemberBegin(); other != one; ++other) {
                if (name_of(one->name) == name_of(other->name)) return false;
            }
        }
        return true;
    }
    std::vector<std::string_view> names;
    names.reserve(object.MemberCount());
    for (const auto& member : object.GetObject()) names.push_back(name_of(member.name));
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) == names.end();
}

bool names_are_unique(const rapidjson::Value& value) {
    if (value.IsArray()) {
        return std::all_of(value.Begin(), value.End(), names_are_unique);
    }
    if (!value.IsObject()) return true;
    for (const auto& member : value.GetObject()) {
        if (!names_are_unique(member.value)) return false;
    }
    return own_names_are_unique(value);
}

}  // namespace

bool Json::is_null() const {
    return value_ && value_->IsNull();
}
bool Json::is_object() const {
    return value_ && value_->IsObject();
}
bool Json::is_array() const {
    return value_ && value_->IsArray();
}
bool Json::is_number() const {
    return value_ && value_->IsNumber();
}

std::optional<std::string_view> Json::text() const {
    if (!value_ || !value_->IsString()) return std::nullopt;
    return name_of(*value_);
}

std::optional<bool> Json::flag() const {
    if (!value_ || !value_->IsBool()) return std::nullopt;
    return value_->GetBool();
}

std::optional<uint64_t> Json::number() const {
    if (!value_ || !value_->IsUint64()) return std::nullopt;
    return value_->GetUint64();
}

std::optional<double> Json::real() const {
    if (!is_number()) return std::nullopt;
    return value_->GetDouble();
}

std::vector<std::string_view> Json::names() const {
    std::vector<std::string_view> names;
    if (!is_object()) return names;
    for (const auto& member : value_->GetObject()) names.push_back(name_of(member.name));
    return names;
}

Json Json::operator[](std::string_view name) const {
    if (!is_object()) return {};
    const rapidjson::Value key(rapidjson::StringRef(name.data() ? name.data() : "", name.size()));
    const auto found = value_->FindMember(key);
    return found == value_->MemberEnd() ? Json() : Json(&found->value);
}

size_t Json::size() const {
    return is_array() ? value_->Size() : 0;
}

Json Json::operator[](size_t index) const {
    if (index >= size()) return {};
    return Json(&(*value_)[static_cast<rapidjson::SizeType>(index)]);
}

std::string Json::dump() const {
    if (!value_) return "null";
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value_->Accept(writer);
    return {buffer.GetString(), buffer.GetSize()};
}

std::string Json::pretty() const {
    if (!value_) return "null";
    rapidjson::StringBuffer buffer;
    rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(buffer);
    writer.SetIndent(' ', 2);
    value_->Accept(writer);
    return {buffer.GetString(), buffer.GetSize()};
}

JsonDocument::JsonDocument() : document_(std::make_unique<rapidjson::Document>()) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

Json JsonDocument::root() const {
    return Json(document_.get());
}

base::Result<JsonDocument, std::string> JsonDocument::parse(std::string_view text,
                                                            JsonLimits limits) {
    using base::Err;
    if (text.size() > limits.bytes) {
        return Err{"longer than " + std::to_string(limits.bytes) + " bytes"};
    }
    if (const size_t nul = text.find('\0'); nul != text.npos) {
        // The parser would take it for the end and never look behind it.
        return Err{"a zero byte at " + std::to_string(nul)};
    }
    if (depth_of(text) > limits.depth) {
        return Err{"deeper than " + std::to_string(limits.depth) + " levels"};
    }
    JsonDocument parsed;
    // Recursive: quicker, and no deeper than was just looked.
    constexpr unsigned kFlags = rapidjson::kParseValidateEncodingFlag;
    parsed.document_->Parse<kFlags>(text.data() ? text.data() : "", text.size());
    if (parsed.document_->HasParseError()) {
        const auto error = parsed.document_->GetParseError();
        return Err{std::string(rapidjson::GetParseError_En(error)) + " At byte " +
                   std::to_string(parsed.document_->GetErrorOffset()) + "."};
    }
    if (!names_are_unique(*parsed.document_)) return Err{std::string("a name twice in an object")};
    return parsed;
}

}  // namespace parley
