#include "worker/ice/state.h"

#include <doctest/doctest.h>

using namespace parley::ice;

TEST_CASE("nothing returns from Closed or to New, and everything may be closed") {
    constexpr State kAll[] = {State::New, State::Connected, State::Completed, State::Disconnected,
                              State::Closed};
    for (const State state : kAll) {
        CHECK_FALSE(may(state, state));
        CHECK_FALSE(may(State::Closed, state));
        CHECK_FALSE(may(state, State::New));
        CHECK(may(state, State::Closed) == (state != State::Closed));
    }
    CHECK(may(State::New, State::Connected));
    CHECK(may(State::New, State::Completed));
    CHECK_FALSE(may(State::New, State::Disconnected));
    CHECK(may(State::Completed, State::Connected));
    CHECK(may(State::Connected, State::Completed));
    CHECK(may(State::Disconnected, State::Connected));
    CHECK(may(State::Disconnected, State::Completed));
}
