#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "tests/sim/cluster.h"

using namespace parley;
using namespace parley::sim;

namespace {

constexpr size_t kListeners = 2'000, kSpeakers = 5;
constexpr base::Duration kTalk = 2s;
constexpr size_t kWords = 100;  // in that time, 20 ms each

// They come within ten seconds, 20 at a time.
struct Stage {
    Stage()
        : cluster(71, {.workers = 4,
                       .controller = {.max_peers_per_room = 3'000, .worker_load_most = 0.13},
                       .turns_between_looks = 1'000}),
          stage(cluster.room("stage")) {
        for (size_t i = 0; i < kSpeakers; ++i) {
            speakers.push_back(stage.join("speaker" + std::to_string(i)));
        }
        PeerOptions listens;
        listens.publishes = false;
        for (size_t i = 0; i < kListeners; ++i) {
            audience.push_back(stage.join("listener" + std::to_string(i), listens));
            if (i % 20 == 19) cluster.run(100ms);
        }
        REQUIRE(cluster.settle());
    }

    Cluster cluster;
    Room stage;
    std::vector<Peer> speakers, audience;
};

}  // namespace

TEST_CASE("two thousand listeners in four workers hear every word of five speakers, no gap") {
    Stage stage;
    for (Peer& listener : stage.audience) REQUIRE(listener.in_room());
    CHECK(stage.cluster.machine().core().room("stage").value().workers.size() == 4);
    for (Peer& speaker : stage.speakers) speaker.speak(kTalk);
    stage.cluster.run(kTalk + 1s);
    size_t words = 0;
    base::Duration longest{};
    for (Peer& listener : stage.audience) {
        for (Peer& speaker : stage.speakers) {
            const Heard heard = listener.heard(speaker);
            words += heard.words();
            longest = std::max(longest, heard.longest_gap());
        }
    }
    CHECK(words == kListeners * kSpeakers * kWords);
    CHECK(longest == 20ms);
}
