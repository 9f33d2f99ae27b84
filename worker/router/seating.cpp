#include "worker/router/seating.h"

#include <algorithm>

#include "common/base/ensure.h"

namespace parley::router {

void seat(std::span<Speakers::Number> seats, std::span<const Speakers::Number> wanted) {
    ENSURE(wanted.size() <= seats.size());
    for (Speakers::Number& sitting : seats) {
        const bool stays = std::find(wanted.begin(), wanted.end(), sitting) != wanted.end();
        if (!stays) sitting = kNobody;
    }
    for (const Speakers::Number who : wanted) {
        if (std::find(seats.begin(), seats.end(), who) != seats.end()) continue;
        *std::find(seats.begin(), seats.end(), kNobody) = who;
    }
}

}  // namespace parley::router
