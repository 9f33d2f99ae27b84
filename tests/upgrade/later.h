#pragma once

#include <string>

// What the next version says that this one does not know.
namespace parley::test {

constexpr const char* kLater = "what only a later version knows";

// A JSON object with one more member. What is none stays as it is.
inline std::string with_later(std::string json) {
    if (json.size() < 2 || json.back() != '}') return json;
    json.pop_back();
    if (json.back() != '{') json += ',';
    return json + R"("later":{"words":["of","a","later","version"]}})";
}

}  // namespace parley::test
