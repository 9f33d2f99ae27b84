#include "worker/ice/credentials.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/unit/ice/peer.h"

using namespace parley;
using namespace parley::ice;

TEST_CASE("credentials are of ice-chars, as long as promised, and never the same twice") {
    base::SeededRandom random(1);
    std::set<std::string> seen;
    for (int i = 0; i < 1'000; ++i) {
        const Credentials made = make_credentials(random);
        CHECK(made.username_fragment.size() == 8);
        CHECK(made.password.size() == 32);
        for (const char c : made.username_fragment + made.password) {
            CHECK((std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/'));
        }
        seen.insert(made.username_fragment);
        seen.insert(made.password);
    }
    CHECK(seen.size() == 2'000);
}

TEST_CASE("a check says whom it is for before anything of it is proved") {
    Session session;
    Buffer bytes = session.check_bytes({.with = kNew});
    CHECK(local_fragment_of(base::Bytes(bytes)) == "newfragm");
    bytes.back() ^= 1;  // the fingerprint is not looked at
    CHECK(local_fragment_of(base::Bytes(bytes)) == "newfragm");
    bytes.pop_back();
    CHECK_FALSE(local_fragment_of(base::Bytes(bytes)));
}

TEST_CASE("a user name without a colon is for nobody") {
    CHECK(local_fragment_of("ours:theirs:more") == "ours");
    CHECK(local_fragment_of(":theirs") == "");
    CHECK_FALSE(local_fragment_of("ours"));
    CHECK_FALSE(local_fragment_of(""));
    CHECK_FALSE(local_fragment_of(base::Bytes{}));
}
