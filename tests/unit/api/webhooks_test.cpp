#include "controller/api/webhooks.h"

#include <doctest/doctest.h>

#include <functional>
#include <map>

#include "controller/api/signature.h"

using namespace parley;
using namespace parley::controller;
using namespace parley::controller::api;

namespace {

constexpr Instant kStart = Instant::from_micros(1'800'000'000'000'000);

// A server's webhooks and whoever they post to, in virtual time: every answer comes after a delay.
class World {
public:
    explicit World(uint64_t seed, WebhookLimits limits = {})
        : random(seed), queue(0, "http://app/hook", "a-secret-of-16-b", limits, random) {}

    // What the receiver answers; 0: nothing.
    std::function<int(const Post&)> answer = [](const Post&) { return 200; };
    std::function<base::Duration()> delay = [] { return base::Duration(10ms); };

    void event(const std::string& room, const std::string& text) {
        WebhookOutputs out;
        queue.on_event(now, {"id-" + text, room, std::make_shared<const std::string>(text)}, out);
        take(out);
    }

    void run_until(Instant end) {
        for (;;) {
            const Instant reply = replies.empty() ? Instant::never() : replies.begin()->first;
            const Instant next = std::min(reply, queue.next_deadline());
            if (next > end) break;
            REQUIRE(next >= now);
            now = next;
            WebhookOutputs out;
            if (reply <= now) {
                const auto [post, status] = replies.begin()->second;
                replies.erase(replies.begin());
                if (status == 200) received.push_back(*post.body);
                queue.on_reply(now, post.delivery, status, out);
            } else {
                queue.on_deadline(now, out);
            }
            take(out);
        }
        now = end;
    }
    void run(base::Duration time) { run_until(now + time); }

    std::vector<std::string> received_of(const std::string& prefix) const {
        std::vector<std::string> texts;
        for (const std::string& text : received) {
            if (text.starts_with(prefix)) texts.push_back(text);
        }
        return texts;
    }

    Instant now = kStart;
    base::SeededRandom random;
    WebhookQueue queue;
    std::multimap<Instant, std::pair<Post, int>> replies;  // on their way back
    std::vector<std::string> received;
    std::vector<Instant> tries;
    std::vector<std::string> logs;
    size_t most_at_once = 0;

private:
    void take(WebhookOutputs& out) {
        queue.ensure_invariants();
        for (Post& post : out.posts) {
            tries.push_back(now);
            const int status = answer(post);
            replies.emplace(now + delay(), std::pair(std::move(post), status));
        }
        for (Log& log : out.logs) logs.push_back(log.text);
        most_at_once = std::max(most_at_once, replies.size());
    }
};

}  // namespace

TEST_CASE("what is posted can be proved by whoever has the secret") {
    World world(1);
    Post seen;
    world.answer = [&](const Post& post) { return seen = post, 200; };
    world.event("standup", "{\"a\":1}");
    CHECK(seen.url == "http://app/hook");
    CHECK(*seen.body == "{\"a\":1}");
    std::map<std::string, std::string> headers(seen.headers.begin(), seen.headers.end());
    CHECK(headers.at("Parley-Event-Id") == "id-{\"a\":1}");
    CHECK(headers.at("Content-Type") == "application/json");
    // python3: hmac.new(b'a-secret-of-16-b', b'1800000000.{"a":1}', 'sha256').hexdigest()
    CHECK(headers.at("Parley-Signature") ==
          "t=1800000000,v1=4e9907df7eb2cc7cdf076d934145e2cc4ba3cb92c50bfe6541e7b24382afb3ad");
}

TEST_CASE("events of a room arrive in their order however the receiver fails") {
    for (uint64_t seed = 1; seed <= 50; ++seed) {
        World world(seed);
        world.answer = [&](const Post&) {
            const uint64_t luck = world.random.below(10);
            return luck < 5 ? 200 : luck < 8 ? 503 : 0;
        };
        world.delay = [&] {
            return base::Duration(1'000 + static_cast<int64_t>(world.random.below(900'000)));
        };
        for (int i = 0; i < 120; ++i) {
            const std::string room(1, static_cast<char>('a' + world.random.below(6)));
            world.event(room, room + std::to_string(1000 + i));
            world.run(base::Duration(static_cast<int64_t>(world.random.below(2'000'000))));
        }
        world.run(3h);
        CHECK(world.received.size() == 120);
        CHECK(world.queue.size() == 0);
        CHECK(world.queue.counts().delivered == 120);
        for (char room = 'a'; room <= 'f'; ++room) {
            const auto texts = world.received_of(std::string(1, room));
            CHECK(std::is_sorted(texts.begin(), texts.end()));
        }
    }
}

TEST_CASE("a room whose event is refused does not hold up the others") {
    World world(2);
    world.answer = [](const Post& post) { return post.body->starts_with("bad") ? 500 : 200; };
    world.event("bad", "bad-1");
    world.event("bad", "bad-2");
    world.event("good", "good-1");
    world.event("good", "good-2");
    world.run(1min);
    CHECK(world.received == std::vector<std::string>{"good-1", "good-2"});
}

TEST_CASE("tries come after 1, 2, 4 ... seconds, at most a minute, spread by a fifth") {
    World world(3);
    world.answer = [](const Post&) { return 500; };
    world.delay = [] { return base::Duration(0); };
    world.event("r", "x");
    world.run(10min);
    REQUIRE(world.tries.size() > 8);
    base::Duration wait = 1s;
    for (size_t i = 1; i < world.tries.size(); ++i) {
        const base::Duration waited = world.tries[i] - world.tries[i - 1];
        CHECK(waited <= wait);
        CHECK(waited >= wait * 4 / 5);
        wait = std::min<base::Duration>(wait * 2, 1min);
    }
}

TEST_CASE("an event that nobody takes is given up after an hour, and the next one has its turn") {
    World world(4);
    world.answer = [](const Post& post) { return *post.body == "poison" ? 400 : 200; };
    world.event("r", "poison");
    world.event("r", "cure");
    world.run(59min);
    CHECK(world.received.empty());
    CHECK(world.queue.counts().dropped == 0);
    world.run(3min);
    CHECK(world.received == std::vector<std::string>{"cure"});
    CHECK(world.queue.counts().dropped == 1);
}

TEST_CASE("at most eight posts are on their way to one target") {
    World world(5);
    world.delay = [] { return base::Duration(1s); };
    for (int i = 0; i < 100; ++i) world.event("room-" + std::to_string(i), "x");
    CHECK(world.most_at_once == 8);
    world.run(1min);
    CHECK(world.most_at_once == 8);
    CHECK(world.received.size() == 100);
}

TEST_CASE("when too much waits the oldest make room, are counted, and said about once a minute") {
    World world(6, {.events = 100});
    world.answer = [](const Post&) { return 0; };
    for (int i = 0; i < 1'000; ++i) {
        world.event("r" + std::to_string(i % 10), std::to_string(10'000 + i));
        CHECK(world.queue.size() <= 100);
    }
    CHECK(world.queue.counts().dropped == 900);
    world.run(2min);
    size_t told = 0;
    for (const std::string& log : world.logs) told += log.find("missed") != log.npos ? 1 : 0;
    CHECK(told == 2);  // the first at once, the rest a minute later
    world.answer = [](const Post&) { return 200; };
    world.run(5min);
    CHECK(world.received.size() == 100);
    for (const std::string& text : world.received) {
        const bool on_its_way_then = text < "10010";
        CHECK((on_its_way_then || text >= "10900"));
    }
}

TEST_CASE("what waits is bounded in bytes as well") {
    World world(7, {.bytes = 10'000});
    world.answer = [](const Post&) { return 0; };
    for (int i = 0; i < 100; ++i) world.event("r", std::string(1'000, 'x'));
    CHECK(world.queue.size() == 10);
}

TEST_CASE("a receiver that is down is tried no faster because its queue overflows") {
    World world(8, {.events = 10});
    world.answer = [](const Post&) { return 0; };
    for (int i = 0; i < 600; ++i) {
        world.event("r", std::to_string(i));
        world.run(100ms);
    }
    CHECK(world.tries.size() < 10);
}

TEST_CASE("failure and recovery are each said once") {
    World world(9);
    world.answer = [](const Post&) { return 502; };
    world.event("r", "x");
    world.run(5min);
    REQUIRE(world.logs.size() == 1);
    CHECK(world.logs[0] == "webhook http://app/hook does not take events: status 502");
    world.answer = [](const Post&) { return 204; };
    world.run(5min);
    REQUIRE(world.logs.size() == 2);
    CHECK(world.logs[1] == "webhook http://app/hook takes events again");
}

TEST_CASE("an answer that nobody waits for changes nothing") {
    World world(10);
    WebhookOutputs out;
    world.queue.on_reply(kStart, 77, 200, out);
    world.event("r", "x");
    world.run(1s);
    world.queue.on_reply(world.now, 1, 200, out);
    CHECK(out.posts.empty());
    CHECK(world.queue.counts().delivered == 1);
}

TEST_CASE("each target has every event at its own pace") {
    base::SeededRandom random(11);
    Webhooks webhooks({{"http://a/", "secret-secret-aa"}, {"http://b/", "secret-secret-bb"}},
                      random);
    WebhookOutputs out;
    webhooks.on_event(kStart, {"1", "r", std::make_shared<const std::string>("x")}, out);
    REQUIRE(out.posts.size() == 2);
    CHECK(out.posts[0].url == "http://a/");
    CHECK(out.posts[1].url == "http://b/");
    webhooks.on_reply(kStart, 0, out.posts[0].delivery, 200, out);
    webhooks.on_reply(kStart, 1, out.posts[1].delivery, 500, out);
    webhooks.on_reply(kStart, 2, 1, 200, out);
    CHECK(webhooks.counts().delivered == 1);
    CHECK(webhooks.counts().failed == 1);
    CHECK(webhooks.waiting() == 1);
    CHECK(webhooks.next_deadline() > kStart);
    CHECK(webhooks.next_deadline() <= kStart + 1s);
}
