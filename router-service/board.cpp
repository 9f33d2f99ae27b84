#include "router-service/board.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace parley::router_service {

namespace {

constexpr double kPercentMost = 999;
constexpr auto kDrainStep = 10s;

char letter_of(const std::optional<double>& load) {
    constexpr std::string_view kLetters = "0123456789abcdefghijklmnopqrstuvwxyz";
    if (!load) return '-';
    return kLetters[static_cast<size_t>(std::clamp(*load, 0.0, 1.0) * (kLetters.size() - 1))];
}

}  // namespace

const char* standing_word(const Server& server) {
    const bool drained = server.state == cluster::ServerState::Drained;
    return drained && server.standing == Standing::Draining ? "drained"
                                                            : standing_text(server.standing);
}

uint32_t percent_of(double cores, const Server& server) {
    if (server.load.capacity <= 0) return 100;
    const double percent = std::round(100 * cores / server.load.capacity);
    return static_cast<uint32_t>(std::clamp(percent, 0.0, kPercentMost));
}

Board::Facts Board::facts_of(const Server& server) {
    return {
        .region = server.region,
        .version = server.version,
        .capacity = std::round(server.load.capacity * 10) / 10,
        .workers = std::max(server.load.workers, static_cast<uint32_t>(server.load.each.size()))};
}

Board::State Board::state_of(Instant now, const Server& server) {
    State state{.standing = standing_word(server),
                .used = percent_of(server.load.used, server),
                .predicted = percent_of(server.predicted_load(), server),
                .rooms = server.rooms,
                .people = server.load.peers,
                .workers = {}};
    for (const auto& load : server.load.each) state.workers += letter_of(load);
    if (!server.drain_by.is_never() && server.standing == Standing::Draining) {
        const Duration left = std::max(Duration(0), server.drain_by - now);
        state.drain_left = static_cast<int32_t>(left / kDrainStep * (kDrainStep / 1s));
    }
    return state;
}

bool Board::on_look(Instant now, const Picture& picture, uint64_t version) {
    bool changed = false;
    ++looks_;
    for (const ServerIndex at : picture.servers().all()) {
        const Server& server = picture.servers()[at];
        const auto [found, is_new] = tiles_.try_emplace(server.id);
        Tile& tile = found->second;
        if (is_new) tile.number = ++last_number_;
        tile.seen = looks_;
        if (Facts facts = facts_of(server); is_new || facts != tile.facts) {
            tile.facts = std::move(facts);
            tile.facts_version = version;
            changed = true;
        }
        if (State state = state_of(now, server); is_new || state != tile.state) {
            tile.state = std::move(state);
            tile.state_version = version;
            changed = true;
        }
    }
    return forget_unseen(looks_, version) || changed;
}

bool Board::forget_unseen(uint64_t look, uint64_t version) {
    const auto forgotten = std::erase_if(tiles_, [&](const auto& one) {
        if (one.second.seen == look) return false;
        gone_.push_back({one.second.number, version});
        return true;
    });
    while (gone_.size() > kGoneMost) {
        forgotten_ = gone_.front().version;
        gone_.pop_front();
    }
    return forgotten > 0;
}

void Board::write(JsonWriter& json, uint64_t since) const {
    json.key("came").array();
    for (const auto& [id, tile] : tiles_) {
        if (tile.facts_version <= since) continue;
        json.array().number(uint64_t{tile.number}).text(id).text(tile.facts.region);
        json.text(tile.facts.version).real(tile.facts.capacity);
        json.number(uint64_t{tile.facts.workers}).end_array();
    }
    json.end_array().key("now").array();
    for (const auto& [id, tile] : tiles_) {
        if (tile.state_version <= since) continue;
        const State& state = tile.state;
        json.array().number(uint64_t{tile.number}).text(state.standing);
        for (const uint32_t value : {state.used, state.predicted, state.rooms, state.people}) {
            json.number(uint64_t{value});
        }
        json.text(state.workers).number(int64_t{state.drain_left}).end_array();
    }
    json.end_array().key("gone").array();
    for (const Gone& gone : gone_) {
        if (since > 0 && gone.version > since) json.number(uint64_t{gone.number});
    }
    json.end_array();
}

size_t Board::bytes() const {
    constexpr size_t kNode = 4 * sizeof(void*);
    size_t bytes = gone_.size() * sizeof(Gone);
    const auto text = [](const std::string& one) {
        return one.capacity() > std::string().capacity() ? one.capacity() + 1 : 0;
    };
    for (const auto& [id, tile] : tiles_) {
        bytes += kNode + sizeof(std::string) + sizeof(Tile) + text(id) + text(tile.facts.region) +
                 text(tile.facts.version) + text(tile.state.workers);
    }
    return bytes;
}

}  // namespace parley::router_service
