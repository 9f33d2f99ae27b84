#include <doctest/doctest.h>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;
using controller::Tally;

namespace {

uint64_t reason(const Tally::ByReason& reasons, std::string_view name) {
    const auto found = reasons.find(name);
    return found == reasons.end() ? 0 : found->second;
}

uint64_t sum(const Tally::ByReason& reasons) {
    uint64_t all = 0;
    for (const auto& [name, count] : reasons) all += count;
    return all;
}

}  // namespace

TEST_CASE("who comes, joins, resumes and leaves is counted, each for its reason") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    ada.lose_connection();
    ada.resume();
    bob.lose_connection();
    server.advance(16s);  // longer than the grace
    server.enter("standup", "ada");
    const Tally& tally = server.core().tally();
    CHECK(tally.peers_added == 3);
    CHECK(tally.peers_resumed == 1);
    CHECK(tally.joins == 3);
    CHECK(tally.join.count() == 3);
    CHECK(reason(tally.left, "lost") == 1);
    CHECK(reason(tally.left, "replaced") == 1);
    CHECK(sum(tally.left) == 2);
    CHECK(sum(tally.refused) == 0);
}

TEST_CASE("who is not let in is counted, each for its reason") {
    controller::Options options;
    options.max_peers_per_room = 1;
    ModelServer server(options);
    server.start();
    server.enter("standup", "ada");
    server.client("standup", "bob").connect();
    server.client("not a room", "bob").connect();
    auto& stranger = server.client("standup", "eve");
    stranger.session = "never-given";
    stranger.resume();
    const Tally& tally = server.core().tally();
    CHECK(reason(tally.refused, "room-full") == 1);
    CHECK(reason(tally.refused, "bad-request") == 1);
    CHECK(reason(tally.refused, "no-such-session") == 1);
    CHECK(sum(tally.refused) == 3);
    CHECK(tally.peers_added == 1);
}

TEST_CASE("a peer is connected with its first transport, once") {
    ModelServer server;
    server.start();
    auto& ada = server.client("standup", "ada");
    ada.connect();
    ada.make_transports();
    server.advance(200ms);
    const auto dtls = [&](const std::string& transport, bool connected) {
        server.from_worker(0, ModelWorker::dtls(std::stoull(transport), connected));
    };
    dtls(ada.send_transport, false);
    CHECK(server.core().tally().connect.count() == 0);
    dtls(ada.receive_transport, true);
    server.advance(1s);
    dtls(ada.send_transport, true);
    dtls(ada.receive_transport, true);
    dtls("987654321", true);  // nobody's
    CHECK(server.core().tally().connect.count() == 1);
    CHECK(server.core().tally().connect.view().sum == doctest::Approx(0.2).epsilon(0.05));
}

TEST_CASE("a peer that leaves before it is connected is not waited for") {
    ModelServer server;
    server.start();
    auto& ada = server.client("standup", "ada", /*numbered=*/false);
    ada.connect();
    ada.make_transports();
    const std::string transport = ada.send_transport;
    ada.lose_connection();
    server.from_worker(0, ModelWorker::dtls(std::stoull(transport), true));
    CHECK(server.core().tally().connect.count() == 0);
}

TEST_CASE("there is an overview of what there is") {
    controller::Options options;
    options.workers = 2;
    ModelServer server(options);
    server.start();
    server.enter("standup", "ada");
    server.burn({0.88, 0.5});
    server.enter("standup", "bob");
    server.client("lunch", "eve").connect();
    const controller::Overview all = server.core().overview();
    CHECK(all.rooms == 2);
    CHECK(all.peers == 3);
    CHECK(all.peers_connected == 3);
    CHECK(all.peers_joined == 2);
    CHECK(all.rooms_spread == 1);
    CHECK(all.rooms_overflowed == 0);
    CHECK(all.pipes == 1);
    CHECK(all.crossings == 2);
}
