#include "router-service/peer_search.h"

#include <doctest/doctest.h>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"
#include "tests/unit/router_service/beats.h"

namespace parley::router_service {
namespace {

using test::beat_of;
using test::kStart;

struct Searcher {
    Servers servers{1};
    PeerSearch search;

    explicit Searcher(size_t count = 2) {
        for (size_t at = 0; at < count; ++at) {
            servers.on_beat(kStart, beat_of("s" + std::to_string(at + 1), 1, 1));
        }
    }
    std::vector<cluster::Publish> ask(uint64_t request = 1) {
        return search.on_search(kStart, request, "ada", servers).value();
    }
    std::optional<PeerSearch::Found> hear(const cluster::Publish& question, std::string body,
                                          bool is_ours = true) {
        std::optional<PeerSearch::Found> found;
        CHECK(search.on_delivery({.queue = std::string(cluster::kReplyTo),
                                  .key = {},
                                  .body = std::move(body),
                                  .correlation_id = question.correlation_id},
                                 found) == is_ours);
        return found;
    }
};

std::string peers(const std::string& server, std::vector<std::string> ids) {
    std::vector<cluster::PeerPlace> places;
    for (const std::string& id : ids) {
        places.push_back({.room = "r-" + server,
                          .peer = id,
                          .name = id,
                          .server = server,
                          .worker = {},
                          .lender = {},
                          .since = kStart});
    }
    return cluster::write(cluster::Answer{std::nullopt, cluster::write_peer_places(places)});
}

TEST_CASE("every server is asked, and what all of them know is one answer") {
    Searcher searcher;
    const auto asked = searcher.ask(42);
    REQUIRE(asked.size() == 2);
    CHECK(asked[0].key == "server.s1");
    CHECK(asked[0].body == R"({"type":"peer.find","peer":"ada","limit":100})");
    CHECK_FALSE(searcher.hear(asked[1], peers("s2", {"ada"})));
    const auto found = searcher.hear(asked[0], peers("s1", {"ada2", "ada1"}));
    REQUIRE(found);
    CHECK(found->request == 42);
    const auto json = JsonDocument::parse(found->json);
    REQUIRE(json);
    CHECK(json->root()["peers"].size() == 3);
    CHECK(json->root()["peers"][0]["peer"].text() == "ada1");
    CHECK(json->root()["asked"].number() == 2);
    CHECK(json->root()["silent"].number() == 0);
    CHECK(searcher.search.next_deadline().is_never());
}

TEST_CASE("who is silent, of an older version, or writes nonsense did not say") {
    Searcher searcher(4);
    const auto asked = searcher.ask();
    searcher.hear(asked[0], cluster::write(cluster::Answer{cluster::Refusal{400, "what?"}}));
    searcher.hear(asked[1], "{");
    searcher.hear(asked[2], R"({"ok":true,"data":{"peers":[{}]}})");
    CHECK(searcher.search.on_deadline(kStart + 1s).empty());
    const auto ended = searcher.search.on_deadline(kStart + 2s);
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].json == R"({"peers":[],"asked":4,"silent":4})");
    CHECK_FALSE(searcher.hear(asked[3], peers("s4", {"ada"})));
}

TEST_CASE("an answer that comes twice counts once; those of others are passed on") {
    Searcher searcher;
    const auto asked = searcher.ask();
    searcher.hear(asked[0], peers("s1", {"ada"}));
    CHECK_FALSE(searcher.hear(asked[0], peers("s1", {"ada"})));
    const auto found = searcher.hear(asked[1], peers("s2", {}));
    REQUIRE(found);
    CHECK(JsonDocument::parse(found->json)->root()["peers"].size() == 1);
    for (const char* strange :
         {"find.", "find.1", "find.1.", "find.1.x", "find.99.0", "find.-1.1"}) {
        searcher.hear({.exchange = {}, .correlation_id = strange}, "{}");
    }
    searcher.hear({.exchange = {}, .correlation_id = "http.1"}, "{}", false);
}

TEST_CASE("only so many are searched for at a time, and without a server nobody is") {
    Searcher searcher;
    for (size_t at = 0; at < PeerSearch::kSearchesMost; ++at) searcher.ask(at);
    CHECK_FALSE(searcher.search.on_search(kStart, 9, "ada", searcher.servers));
    CHECK(searcher.search.on_disconnected().size() == PeerSearch::kSearchesMost);
    CHECK(searcher.search.on_search(kStart, 9, "ada", searcher.servers));
    Searcher nobody(0);
    CHECK(nobody.ask().empty());
    CHECK(nobody.search.next_deadline().is_never());
}

TEST_CASE("a name that very many have does not fill the memory, nor the answer") {
    Searcher searcher(50);
    const auto asked = searcher.ask();
    std::vector<std::string> crowd;
    for (int at = 0; at < 100; ++at) crowd.push_back("ada-" + std::to_string(at));
    std::optional<PeerSearch::Found> found;
    for (const auto& question : asked) found = searcher.hear(question, peers("s", crowd));
    REQUIRE(found);
    const auto json = JsonDocument::parse(found->json);
    REQUIRE(json);
    CHECK(json->root()["peers"].size() == PeerSearch::kFoundMost);
}

}  // namespace
}  // namespace parley::router_service
