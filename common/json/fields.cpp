#include <algorithm>

#include "common/json/json.h"

namespace parley {

namespace {

// A stranger's word as it may stand in a line for people.
std::string shown(std::string_view name) {
    constexpr size_t kMost = 40;
    JsonWriter text;
    return text.text(name.substr(0, kMost)).take();
}

}  // namespace

JsonFields::JsonFields(Json object, std::string_view what) : object_(object), what_(what) {
    if (!object.is_object()) error_ = what_ + ": wanted an object";
}

void JsonFields::only(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : object_.names()) {
        const bool known = std::find(names.begin(), names.end(), name) != names.end();
        if (!known && ok()) error_ = what_ + ": no member is called " + shown(name);
    }
}

bool JsonFields::has(std::string_view name) const {
    const Json value = object_[name];
    return value.present() && !value.is_null();
}

void JsonFields::fail(std::string_view name, std::string_view wanted) {
    if (ok()) error_ = what_ + "." + std::string(name) + ": wanted " + std::string(wanted);
}

std::string_view JsonFields::text(std::string_view name, size_t most_bytes) {
    const auto value = object_[name].text();
    if (value && value->size() <= most_bytes) return *value;
    fail(name, "text of at most " + std::to_string(most_bytes) + " bytes");
    return {};
}

uint64_t JsonFields::number(std::string_view name, uint64_t most) {
    const auto value = object_[name].number();
    if (value && *value <= most) return *value;
    fail(name, "a whole number from 0 to " + std::to_string(most));
    return 0;
}

double JsonFields::real(std::string_view name, double most) {
    const auto value = object_[name].real();
    if (value && *value >= 0 && *value <= most) return *value;
    fail(name, "a number from 0 to " + std::to_string(most));
    return 0;
}

bool JsonFields::flag(std::string_view name) {
    const auto value = object_[name].flag();
    if (!value) fail(name, "true or false");
    return value.value_or(false);
}

Json JsonFields::object(std::string_view name) {
    const Json value = object_[name];
    if (value.is_object()) return value;
    fail(name, "an object");
    return {};
}

Json JsonFields::array(std::string_view name, size_t most) {
    const Json value = object_[name];
    if (value.is_array() && value.size() <= most) return value;
    fail(name, "an array of at most " + std::to_string(most));
    return {};
}

std::string_view JsonFields::text_or(std::string_view name, size_t most_bytes,
                                     std::string_view fallback) {
    return has(name) ? text(name, most_bytes) : fallback;
}

uint64_t JsonFields::number_or(std::string_view name, uint64_t most, uint64_t fallback) {
    return has(name) ? number(name, most) : fallback;
}

bool JsonFields::flag_or(std::string_view name, bool fallback) {
    return has(name) ? flag(name) : fallback;
}

Json JsonFields::object_or_nothing(std::string_view name) {
    return has(name) ? object(name) : Json();
}

Json JsonFields::array_or_nothing(std::string_view name, size_t most) {
    return has(name) ? array(name, most) : Json();
}

}  // namespace parley
