#include <doctest/doctest.h>

#include "common/json/json.h"
#include "controller/api/admission.h"
#include "controller/api/api.h"
#include "tests/fuzz/attack.h"
#include "tests/fuzz/http_requests.h"
#include "tests/fuzz/stage.h"

using namespace parley;
using namespace parley::fuzz;

namespace {

using controller::api::Request;
using controller::api::Response;

// An app and its administrators ask for rooms and peers, and nothing is as it should be.
struct Requests final : Attack {
    explicit Requests(uint64_t seed)
        : stage(seed),
          random(seed),
          tokens({{"a", controller::api::TokenKey::Algorithm::Hs256, kTokenSecret}}),
          api({.admin_keys = {kAdminKey}}, tokens, random) {}

    sim::ControllerProcess& machine() { return stage.cluster().machine(); }

    void strike(base::Random& draw) override {
        if (draw.below(8) == 0) return strike_token(draw);
        const auto& all = http_requests();
        const Request request =
            mutated_request(draw, all[draw.below(all.size())], all[draw.below(all.size())]);
        const Response response = ask(request);
        ++answers[response.status / 100 % 6];
        if (response.content_type == "application/json") {
            const auto document = JsonDocument::parse(response.body, {.bytes = 1 << 20});
            REQUIRE_MESSAGE(document.ok(), response.body);
        }
        // Who does not show the key is told no more than whether this server is well.
        const bool open = request.path.find("healthz") != request.path.npos ||
                          request.path.find("readyz") != request.path.npos;
        if (!request.authorization.ends_with(kAdminKey) && !open) REQUIRE(response.status >= 300);
    }

    // Nobody comes in by a token that was not issued so.
    void strike_token(base::Random& draw) {
        const base::Instant now = stage.cluster().now();
        const std::string token = *tokens.issue(
            {.room = "den", .peer = "carl", .name = "", .rights = {}, .expires = now + 1h});
        const std::string changed = mutated_text(draw, token, token);
        const auto admitted = controller::api::admit(
            now, {{"token", changed}, {"roomId", "standup"}, {"peerId", "ada"}}, "192.0.2.1",
            tokens, true);
        if (admitted) REQUIRE(admitted->room == "den");
        if (changed != token && admitted) ++tokens_still_good;
    }

    Response ask(const Request& request) {
        return machine().ask([&](auto& core, base::Instant now, auto& out) {
            return api.on_request(now, request, core, out);
        });
    }

    void breathe() override {
        for (const controller::RoomInfo& room : machine().core().rooms()) {
            if (room.id == "standup") continue;
            ++rooms;
            REQUIRE(machine().ask([&](auto& core, base::Instant now, auto& out) {
                return core.close_room(now, room.id, out).ok();
            }));
        }
        CHECK(machine().core().rooms().size() == 1);
        stage.run(50ms);
    }

    Stage stage;
    base::SeededRandom random;
    controller::api::Tokens tokens;
    controller::api::Api api;
    std::array<uint64_t, 6> answers{};
    uint64_t rooms = 0, tokens_still_good = 0;
};

}  // namespace

TEST_CASE("HTTP: mutated requests are answered, and only whoever may changes anything") {
    Requests requests(options().seed);
    carry_out("HTTP", requests, 100'000, 250);
    if (!options().whole()) return;
    CHECK(requests.answers[2] > 5'000);
    CHECK(requests.answers[4] > 20'000);
    CHECK(requests.answers[5] == 0);
    CHECK(requests.rooms > 1'000);
    // A signature's last character has bits that say nothing.
    CHECK(requests.tokens_still_good < 500);
}
