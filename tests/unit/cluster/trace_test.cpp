#include "common/cluster/trace.h"

#include <doctest/doctest.h>

using namespace parley;
using cluster::trace_id;

namespace {

// The example of W3C Trace Context, §3.2.
constexpr const char* kExample = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

}  // namespace

TEST_CASE("a traceparent that came names its trace, and is passed on as it is") {
    base::SeededRandom random(1);
    CHECK(trace_id(kExample) == "4bf92f3577b34da6a3ce929d0e0e4736");
    CHECK(cluster::go_on_with_trace(kExample, random) == kExample);
    // A later version may have more behind a dash. §3.2.4.
    CHECK(trace_id("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more") ==
          "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST_CASE("what cannot be read begins a trace of its own") {
    base::SeededRandom random(1);
    for (const char* wrong : {
             "",
             "00",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
             "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
             "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
             "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
             "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
             "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
             "00-4bf92f3577b34da6a3ce929d0e0e473\n-00f067aa0ba902b7-01",
         }) {
        CAPTURE(wrong);
        CHECK(trace_id(wrong).empty());
        const std::string begun = cluster::go_on_with_trace(wrong, random);
        CHECK(trace_id(begun).size() == 32);
    }
}

TEST_CASE("no two traces have one name") {
    base::SeededRandom random(1);
    const std::string one = cluster::begin_trace(random), other = cluster::begin_trace(random);
    CHECK(one.size() == std::string_view(kExample).size());
    CHECK(trace_id(one) != trace_id(other));
}
