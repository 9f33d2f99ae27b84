#include "common/cluster/base64.h"

#include <doctest/doctest.h>

using namespace parley;

namespace {

std::vector<uint8_t> bytes_of(std::string_view text) {
    return {text.begin(), text.end()};
}

}  // namespace

TEST_CASE("the vectors of RFC 4648 §10") {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, text] : vectors) {
        CHECK(cluster::to_base64(bytes_of(plain)) == text);
        CHECK(cluster::from_base64(text) == bytes_of(plain));
    }
}

TEST_CASE("what is not exactly base64 is nothing") {
    for (const char* text : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", " Zg==",
                             "Zg==\n", "Zm9v ", "Zm9\xc3", "Zm 9vZm9", "Zm9v====", "Zm-_"}) {
        CAPTURE(text);
        CHECK_FALSE(cluster::from_base64(text).has_value());
    }
}
