#include "controller/api/http.h"
#include "common/json/json.h"
#include "controller/api/tokens.h"

using namespace parley::controller;

// A path, and behind a zero the body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const api::Tokens tokens(
        {{"a", api::TokenKey::Algorithm::Hs256, "0123456789abcdef0123456789abcdef"}});
    const std::string_view all(reinterpret_cast<const char*>(data), size);
    const std::string_view path = all.substr(0, all.find('\0'));
    (void)api::segments(path);
    (void)tokens.check({}, path);
    (void)parley::JsonDocument::parse(all.substr(std::min(path.size() + 1, size)));
    return 0;
}
