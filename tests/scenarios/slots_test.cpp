#include <doctest/doctest.h>

#include "tests/sim/cluster.h"

using namespace parley;
using namespace parley::sim;

namespace {

using Names = std::set<std::string>;

// Whose words this listener heard since then.
Names heard_by(const Peer& listener, const std::vector<Peer>& people, base::Instant since) {
    Names names;
    for (const Peer& speaker : people) {
        if (listener.heard(speaker).since(since).anything()) names.insert(speaker.name());
    }
    return names;
}

PeerOptions with_slots(uint32_t slots, uint8_t softer = 0) {
    PeerOptions options;
    options.slots = slots;
    options.softer = softer;
    return options;
}

}  // namespace

TEST_CASE("of a hundred open microphones everyone hears the three loudest, nobody themselves") {
    Cluster cluster(31);
    auto room = cluster.room("arena");
    std::vector<Peer> people;
    for (int i = 0; i < 100; ++i) {
        const auto softer = static_cast<uint8_t>(i == 10 || i == 40 || i == 70 ? 0
                                                 : i == 90                     ? 8
                                                                               : 20);
        people.push_back(room.join("p" + std::to_string(i), with_slots(3, softer)));
    }
    REQUIRE(cluster.settle());
    for (Peer& person : people) person.speak(8s);
    cluster.run(4s);
    const base::Instant since = cluster.now();
    cluster.run(5s);
    for (size_t i = 0; i < people.size(); ++i) {
        Names loudest = {"p10", "p40", "p70"};
        if (loudest.erase(people[i].name())) loudest.insert("p90");
        CHECK(heard_by(people[i], people, since) == loudest);
        CHECK(people[i].browser().streams() == 3);
    }
    const auto& counters = cluster.machine().worker(room.worker())->engine().counters();
    CHECK(counters.drops[net::Drop::RtpQuiet] > 0);
}

TEST_CASE("with fewer people than slots every word of everybody is heard") {
    Cluster cluster(32);
    auto room = cluster.room("standup");
    auto ada = room.join("ada", with_slots(3)), bob = room.join("bob", with_slots(3));
    auto carl = room.join("carl", with_slots(3));
    auto dora = room.join("dora");  // a classic client
    REQUIRE(cluster.settle());
    for (Peer* speaker : {&ada, &bob, &dora, &carl}) {
        speaker->speak(3s);
        cluster.run(2s);
    }
    cluster.run(5s);
    for (const Peer& listener : {bob, carl, dora}) {
        CHECK(listener.heard(ada).words() == 150);
        CHECK(listener.missing_numbers(ada) == 0);
    }
    CHECK(ada.heard(dora).words() == 150);
    CHECK(dora.heard(carl).words() == 150);
}

TEST_CASE("in one slot a pause loses nothing and the next speaker is soon heard") {
    Cluster cluster(33);
    auto room = cluster.room("standup");
    auto ada = room.join("ada", with_slots(1)), bob = room.join("bob", with_slots(1));
    auto carl = room.join("carl", with_slots(1));
    REQUIRE(cluster.settle());
    bob.speak(3s);
    cluster.run(5s);  // two seconds of thought
    bob.speak(2s);
    cluster.run(2s);
    const base::Instant turn = cluster.now();
    carl.speak(5s);
    cluster.run(7s);
    CHECK(ada.heard(carl).since(turn).longest_gap() <= 1s);
    CHECK(ada.heard(carl).words() > 200);
    CHECK(ada.heard(bob).words() >= 249);
    CHECK(ada.missing_numbers(bob) == 0);
}

TEST_CASE("slots go on when the controller dies, and it knows them when it is back") {
    Cluster cluster(34);
    auto room = cluster.room("standup");
    auto ada = room.join("ada", with_slots(2)), bob = room.join("bob", with_slots(2));
    REQUIRE(cluster.settle());
    bob.speak(20s);
    cluster.run(2s);
    cluster.kill_controller();
    cluster.run(3s);
    cluster.start_controller();
    cluster.run(17s);
    CHECK(ada.heard(bob).longest_gap() == 20ms);
    CHECK(ada.browser().streams() == 2);
    auto carl = room.join("carl", with_slots(2));
    REQUIRE(cluster.settle());
    const base::Instant since = cluster.now();
    carl.speak(2s);
    cluster.run(4s);
    CHECK(ada.heard(carl).since(since).words() >= 99);
}

TEST_CASE("when a worker dies its listeners have slots on the next") {
    Cluster cluster(35);
    auto room = cluster.room("standup");
    auto ada = room.join("ada", with_slots(2)), bob = room.join("bob", with_slots(2));
    REQUIRE(cluster.settle());
    cluster.kill_worker(room.worker());
    bob.speak(20s);
    cluster.run(5s);
    REQUIRE(cluster.settle());
    const base::Instant since = cluster.now();
    cluster.run(5s);
    CHECK(ada.heard(bob).since(since).until(cluster.now()).words() > 150);
}
