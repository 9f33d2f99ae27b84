#include <doctest/doctest.h>

#include <vector>

#include "worker/router/seating.h"

using namespace parley;
using router::kNobody;
using Seats = std::vector<router::Speakers::Number>;

TEST_CASE("who has a seat keeps it, whatever the order of the wanted is") {
    struct Row {
        Seats before, wanted, after;
    };
    const Row rows[] = {
        {{kNobody, kNobody, kNobody}, {5, 6, 7}, {5, 6, 7}},
        {{5, 6, 7}, {7, 6, 5}, {5, 6, 7}},
        {{5, 6, 7}, {9, 7, 5}, {5, 9, 7}},
        {{5, 6, 7}, {8, 9, 4}, {8, 9, 4}},
        {{5, 6, 7}, {6}, {kNobody, 6, kNobody}},
        {{5, kNobody, 7}, {2, 5}, {5, 2, kNobody}},
        {{5, 6, 7}, {}, {kNobody, kNobody, kNobody}},
        {{5}, {0}, {0}},
    };
    for (const Row& row : rows) {
        Seats seats = row.before;
        router::seat(seats, row.wanted);
        CHECK(seats == row.after);
    }
}
