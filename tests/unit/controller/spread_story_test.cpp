#include <doctest/doctest.h>

#include <random>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;
using namespace parley::controller;

namespace {

struct Person {
    ModelClient* client;
    bool muted = false;
    bool paused = false;
};

// What people, workers and a controller may do to two rooms that are too large for one worker. The
// core's invariants are checked after every call, and who hears whom after every step.
class Story {
public:
    explicit Story(uint64_t seed) : random_(seed) {
        server_.start();
        for (int step = 0; step < 60; ++step) {
            one_step();
            settle();
            check();
        }
    }

private:
    size_t below(size_t most) { return random_() % most; }
    Person& anybody() { return people_[below(people_.size())]; }

    void one_step() {
        const size_t what = people_.empty() ? 0 : below(100);
        // Some things happen while workers have not heard of the last ones.
        server_.hold_workers = below(3) == 0;
        if (what < 35) return enter();
        if (what < 50) return leave();
        if (what < 60) return mute();
        if (what < 70) return pause();
        if (what < 78) return server_.advance(std::chrono::seconds(1 + below(40)));
        if (what < 86) return server_.kill_worker(static_cast<uint32_t>(below(3)));
        if (what < 92) return crash();
        return blink();
    }

    void enter() {
        server_.hold_workers = false;
        ModelClient& client =
            server_.client(below(3) == 0 ? "small" : "large", "p" + std::to_string(++named_));
        client.connect();
        if (!client.connected()) return;  // full
        client.enter();
        people_.push_back({&client});
    }

    void leave() {
        const size_t who = below(people_.size());
        people_[who].client->send("leave");
        people_.erase(people_.begin() + static_cast<std::ptrdiff_t>(who));
    }

    void mute() {
        Person& person = anybody();
        person.muted = !person.muted;
        CHECK(server_.call([&](Controller& core, Instant now, Outputs& out) {
            return core.mute_peer(now, person.client->room, person.client->peer, person.muted, out);
        }));
    }

    void pause() {
        Person& person = anybody();
        if (person.muted || person.client->producer.empty()) return;
        person.paused = !person.paused;
        person.client->send(person.paused ? "pauseProducer" : "resumeProducer",
                            R"({"producerId":")" + person.client->producer + R"("})");
    }

    // The worker's process is started again by and by.
    void crash() {
        server_.hold_workers = false;
        server_.crash_controller();
        for (Person& person : people_) {
            person.client->resume();
            REQUIRE(person.client->connected());
        }
    }

    void blink() {
        Person& person = anybody();
        person.client->lose_connection();
        server_.advance(std::chrono::seconds(below(10)));
        person.client->resume();
    }

    // All that was held back arrives, and whose transports were lost make new ones.
    void settle() {
        server_.release_all();
        server_.advance(1500ms);
        for (Person& person : people_) {
            ModelClient& client = *person.client;
            if (!client.connected()) client.resume();
            if (!client.send_transport.empty()) continue;
            client.make_transports();
            client.speak();
            person.paused = false;
        }
    }

    void check() const {
        server_.check_crossings();
        for (const Person& listener : people_) {
            std::set<std::string> wanted;
            for (const Person& speaker : people_) {
                const bool silent = speaker.muted || speaker.paused;
                const bool same = speaker.client->room == listener.client->room;
                if (same && !silent && speaker.client != listener.client) {
                    wanted.insert(speaker.client->peer);
                }
            }
            CHECK(server_.hears(*listener.client) == wanted);
        }
    }

    std::mt19937_64 random_;
    // Two or three people fill a worker, until they show in measurements, where they cost nothing.
    ModelServer server_{{.workers = 3, .worker_load_most = 0.0025}};
    std::vector<Person> people_;
    int named_ = 0;
};

}  // namespace

TEST_CASE("whatever happens to rooms over three workers, everyone hears all who speak") {
    for (uint64_t seed = 1; seed <= 5; ++seed) {
        CAPTURE(seed);
        Story{seed};
    }
}
