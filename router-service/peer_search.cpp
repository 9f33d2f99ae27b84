#include "router-service/peer_search.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <tuple>
#include <utility>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"

namespace parley::router_service {

namespace {

// Found so far: one letter is in very many names.
constexpr size_t kKeptMost = 10 * PeerSearch::kFoundMost;
// "find.SEARCH.PLACE".
constexpr std::string_view kCorrelation = "find.";

std::string correlation_of(uint64_t search, size_t place) {
    return std::string(kCorrelation) + std::to_string(search) + '.' + std::to_string(place);
}

std::optional<std::pair<uint64_t, size_t>> read_correlation(std::string_view text) {
    text.remove_prefix(kCorrelation.size());
    const char* end = text.data() + text.size();
    uint64_t search = 0;
    size_t place = 0;
    const auto first = std::from_chars(text.data(), end, search);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, end, place);
    if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
    return std::pair(search, place);
}

}  // namespace

std::optional<std::vector<cluster::Publish>> PeerSearch::on_search(Instant now, uint64_t request,
                                                                   std::string_view peer,
                                                                   const Servers& servers) {
    if (searches_.size() >= kSearchesMost) return std::nullopt;
    Search& search = searches_[++last_];
    search = {.request = request, .until = now + kTime};
    const cluster::PeerFind wanted{
        .room = {}, .peer = std::string(peer), .limit = static_cast<uint32_t>(kFoundMost)};
    const std::string body = cluster::write(wanted);
    std::vector<cluster::Publish> questions;
    for (const ServerIndex at : servers.all()) {
        if (servers[at].standing == Standing::Lost) continue;
        search.waiting.insert(search.asked);
        questions.push_back({.exchange = std::string(cluster::kCommands),
                             .key = cluster::server_key(servers[at].id),
                             .body = body,
                             .reply_to = std::string(cluster::kReplyTo),
                             .correlation_id = correlation_of(last_, search.asked++),
                             .expiration = kTime});
    }
    if (questions.empty()) searches_.erase(last_);
    return questions;
}

bool PeerSearch::on_delivery(const cluster::Delivery& delivery, std::optional<Found>& found) {
    if (!delivery.correlation_id.starts_with(kCorrelation)) return false;
    if (delivery.queue == cluster::kRooms) return false;
    const auto of = read_correlation(delivery.correlation_id);
    const auto at = of ? searches_.find(of->first) : searches_.end();
    if (at == searches_.end() || at->second.waiting.erase(of->second) == 0) return true;
    Search& search = at->second;
    const auto answer = cluster::parse_answer(delivery.body);
    const auto document = JsonDocument::parse(answer && !answer->refusal ? answer->data : "null",
                                              {.bytes = cluster::kAnswerBytes});
    auto peers = cluster::read_peer_places(document ? document->root() : Json());
    search.refused += peers ? 0 : 1;
    if (peers && search.peers.size() < kKeptMost) {
        std::ranges::move(*peers, std::back_inserter(search.peers));
    }
    if (search.waiting.empty()) {
        found = end(std::move(search));
        searches_.erase(at);
    }
    return true;
}

std::vector<PeerSearch::Found> PeerSearch::on_deadline(Instant now) {
    std::vector<Found> ended;
    while (!searches_.empty() && searches_.begin()->second.until <= now) {
        ended.push_back(end(std::move(searches_.begin()->second)));
        searches_.erase(searches_.begin());
    }
    return ended;
}

std::vector<PeerSearch::Found> PeerSearch::on_disconnected() {
    return on_deadline(Instant::never());
}

Instant PeerSearch::next_deadline() const {
    return searches_.empty() ? Instant::never() : searches_.begin()->second.until;
}

PeerSearch::Found PeerSearch::end(Search search) {
    std::ranges::sort(search.peers, {},
                      [](const cluster::PeerPlace& one) { return std::tie(one.room, one.peer); });
    JsonWriter json;
    json.object().key("peers").array();
    const size_t kept = std::min(kFoundMost, search.peers.size());
    for (size_t at = 0; at < kept; ++at) cluster::write(json, search.peers[at]);
    json.end_array()
        .number("asked", uint64_t{search.asked})
        .number("silent", uint64_t{search.waiting.size() + search.refused})
        .end_object();
    return {search.request, json.take()};
}

}  // namespace parley::router_service
