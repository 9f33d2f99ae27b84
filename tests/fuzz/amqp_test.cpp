#include <doctest/doctest.h>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"
#include "tests/fuzz/attack.h"
#include "tests/fuzz/bus.h"
#include "tests/fuzz/mutate.h"

using namespace parley;
using namespace parley::fuzz;

namespace {

// Somebody with the password of the broker says anything, in any queue, under any name; and what
// was said in earnest comes again, late, twice and out of order.
struct Letters final : Attack {
    Letters() : texts(letters()) {
        bus.run(6s);
        for (int room = 0; room < 20; ++room) use_room();
    }

    void strike(base::Random& random) override {
        const std::string text =
            random.below(5) == 0 ? any(random) : mutated_text(random, any(random), any(random));
        const bool hears_answer = random.below(2) == 0;
        cluster::Delivery delivery{.queue = {},
                                   .key = {},
                                   .body = text,
                                   .reply_to = hears_answer ? "stranger" : "",
                                   .correlation_id = std::to_string(random.below(3'000)),
                                   .redelivered = random.below(4) == 0};
        say(random, std::move(delivery));
        read(text);
    }

    void say(base::Random& random, cluster::Delivery delivery) {
        switch (random.below(6)) {
            case 0:
                delivery.queue = cluster::kRooms;
                delivery.key = cluster::kRoomsKey;
                return bus.deliver_to_service(std::move(delivery));
            case 1:
                delivery.queue = "beats";
                delivery.key = random.below(4) == 0 ? mutated_text(random, "load.server-1", "#")
                                                    : "load.server-1";
                return bus.deliver_to_service(std::move(delivery));
            case 2:
                delivery.queue = delivery.key = cluster::kReplyTo;
                return bus.deliver_to_service(std::move(delivery));
            case 3:
                delivery.queue = controller::clustering::kDirectoryQueue;
                delivery.key = random.below(2) == 0 ? "load.server-2" : "room.created";
                return bus.deliver_to_server(std::move(delivery));
            case 4:
                delivery.queue = cluster::kRooms;
                return bus.deliver_to_server(std::move(delivery));
            default:
                delivery.queue = cluster::server_queue("server-1");
                return bus.deliver_to_server(std::move(delivery));
        }
    }

    // What is understood is written again and understood to be the same.
    void read(const std::string& text) {
        if (const auto command = cluster::parse_command(text, cluster::Origin::Service)) {
            ++understood;
            const std::string once = cluster::write(*command);
            const auto again = cluster::parse_command(once, cluster::Origin::Service);
            REQUIRE_MESSAGE(again.ok(), once);
            REQUIRE(cluster::write(*again) == once);
        }
        if (const auto beat = cluster::parse_beat(text)) {
            ++understood;
            const std::string once = cluster::write(*beat);
            const auto again = cluster::parse_beat(once);
            REQUIRE_MESSAGE(again.ok(), once);
            REQUIRE(cluster::write(*again) == once);
        }
        if (const auto event = cluster::parse_event(text)) {
            ++understood;
            REQUIRE(cluster::parse_event(cluster::write(*event)).ok());
        }
        if (const auto answer = cluster::parse_answer(text)) {
            ++understood;
            REQUIRE(cluster::parse_outcome(text).ok());
            REQUIRE(cluster::parse_answer(cluster::write(*answer)).ok());
        }
    }

    // Whatever was said: a while after it the server is heard again, and a room is made, found and
    // closed as ever.
    void breathe() override {
        bus.tell_server(cluster::ServerUndrain{"server-1"});
        bus.run(9s);
        bus.ensure_invariants();
        bus.server().core().ensure_invariants();
        const auto all = bus.server().core().rooms();
        for (const controller::RoomInfo& room : all) {
            bus.server().call([&](auto& core, base::Instant now, auto& out) {
                return core.close_room(now, room.id, out).ok();
            });
        }
        rooms += all.size();
        bus.run(1s);
        use_room();
    }

    void use_room() {
        const std::string room = "earnest-" + std::to_string(++earnest);
        const cluster::Answer made = bus.ask(cluster::RoomCreate{room, {.metadata = "7"}});
        REQUIRE_MESSAGE(!made.refusal, room << ": " << made.refusal->reason);
        REQUIRE(!bus.ask(cluster::RoomGet{room}).refusal);
        REQUIRE(!bus.ask(cluster::RoomClose{room}).refusal);
    }

    const std::string& any(base::Random& random) const {
        const bool sample = random.below(3) != 0 || bus.said().empty();
        const auto& all = sample ? texts : bus.said();
        return all[random.below(all.size())];
    }

    Bus bus;
    std::vector<std::string> texts;
    uint64_t understood = 0, rooms = 0, earnest = 0;
};

}  // namespace

TEST_CASE("AMQP: mutated, repeated and late letters leave a server and a router-service at work") {
    Letters letters;
    carry_out("AMQP", letters, 100'000, 200);
    if (!options().whole()) return;
    CHECK(letters.understood > 10'000);
    CHECK(letters.rooms > 200);
    CHECK(letters.bus.service().counts().unreadable > 10'000);
    CHECK(letters.bus.service().counts().answers_ok > 1'000);
}
