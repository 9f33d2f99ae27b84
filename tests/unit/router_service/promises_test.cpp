#include "router-service/promises.h"

#include <doctest/doctest.h>

#include "tests/unit/router_service/beats.h"

namespace parley::router_service {
namespace {

using test::kStart;

TEST_CASE("a room that was placed counts in full until its server reports it") {
    Promises promises;
    promises.on_placed(kStart, 1, 8);
    promises.on_placed(kStart, 2, 8);
    CHECK(promises.seats() == 16);
    CHECK(promises.rooms_not_reported() == 2);

    promises.on_report(1, 8);
    promises.on_deadline(kStart);
    CHECK(promises.seats() == 8);
    CHECK(promises.rooms_not_reported() == 1);
}

TEST_CASE("a room that fills promises the seats that are free, fewer as time goes") {
    Promises promises;
    promises.on_placed(kStart, 1, 8);
    promises.on_report(1, 2);
    promises.on_deadline(kStart + kFillTime / 2);
    CHECK(promises.seats() == doctest::Approx(3));

    promises.on_deadline(kStart + kFillTime);
    CHECK(promises.seats() == 0);
}

TEST_CASE("a room that never came to be promises nothing") {
    Promises promises;
    promises.on_placed(kStart, 1, 8);
    promises.on_gone(1);
    promises.on_gone(1);
    CHECK(promises.seats() == 0);
    CHECK(promises.rooms_not_reported() == 0);
}

TEST_CASE("a room that nobody promised changes nothing") {
    Promises promises;
    promises.on_report(9, 100);
    promises.on_deadline(kStart);
    CHECK(promises.seats() == 0);
}

TEST_CASE("a room that is placed again is counted once") {
    Promises promises;
    promises.on_placed(kStart, 1, 8);
    promises.on_placed(kStart, 1, 5);
    CHECK(promises.seats() == 5);
    CHECK(promises.rooms_not_reported() == 1);
}

}  // namespace
}  // namespace parley::router_service
