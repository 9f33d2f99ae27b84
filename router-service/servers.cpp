#include "router-service/servers.h"

#include <algorithm>

namespace parley::router_service {

namespace {

// A server that was asked for its whole picture gives it within a beat.
constexpr Duration kBeatWantedAgain = 2s;

Tier tier_of(Standing standing) {
    if (standing == Standing::Eligible) return Tier::Free;
    return standing == Standing::Overloaded ? Tier::Overloaded : Tier::Closed;
}

}  // namespace

const char* standing_text(Standing standing) {
    switch (standing) {
        case Standing::Eligible: return "eligible";
        case Standing::Overloaded: return "overloaded";
        case Standing::Full: return "full";
        case Standing::Unknown: return "unknown";
        case Standing::Draining: return "draining";
        case Standing::Stale: return "stale";
        case Standing::Lost: return "lost";
    }
    return "";
}

uint32_t expected_seats(const cluster::RoomOptions& options) {
    return options.max_peers == 0 ? kOrdinarySeats : std::min(options.max_peers, kOrdinarySeats);
}

double Server::seat_cost() const {
    return load.per_peer > 0 ? load.per_peer : kSeatCostGuess;
}

double Server::predicted_load() const {
    return load.used + promises.seats() * seat_cost();
}

double Server::load_with_room() const {
    if (load.capacity <= 0) return 1;
    return (predicted_load() + kOrdinarySeats * seat_cost()) / load.capacity;
}

bool Server::is_full() const {
    if (load.capacity <= 0 || predicted_load() + seat_cost() > load.capacity) return true;
    const size_t all_rooms = rooms + promises.rooms_not_reported();
    if (load.most_rooms > 0 && all_rooms >= load.most_rooms) return true;
    return load.most_peers > 0 && load.peers + promises.seats() + 1 > load.most_peers;
}

Servers::Servers(uint64_t seed, Patience patience, bool ordered)
    : seed_(seed), patience_(patience), ordered_(ordered), everywhere_(ordered) {}

std::optional<ServerIndex> Servers::find(std::string_view id) const {
    return by_id_.find(hash_text(seed_, id), [&](uint32_t at) { return servers_[at].id == id; });
}

ServerIndex Servers::place_for(std::string_view id) {
    if (free_.empty()) {
        free_.push_back(static_cast<ServerIndex>(servers_.size()));
        servers_.emplace_back();
    }
    const ServerIndex server = free_.back();
    free_.pop_back();
    servers_[server].id = id;
    by_id_.insert(hash_text(seed_, id), server);
    ++size_;
    return server;
}

Servers::Outcome Servers::on_beat(Instant now, const cluster::Beat& beat) {
    const auto known = find(beat.server);
    Outcome outcome{.heard = Heard::Taken, .server = known ? *known : place_for(beat.server)};
    Server& server = servers_[outcome.server];
    // Two processes of one id: the one that started last counts, for as long as it is heard.
    const bool silent = known && now - server.heard >= patience_.lost;
    if (known && !silent && beat.incarnation < server.incarnation) {
        outcome.heard = Heard::Older;
        outcome.say_once = !server.older_told;
        server.older_told = true;
        return outcome;
    }
    // After a silence any number counts: one too high was somebody's mistake.
    outcome.reborn = !known || beat.incarnation != server.incarnation ||
                     (silent && beat.number <= server.number);
    if (!outcome.reborn && beat.number <= server.number) {
        outcome.heard = Heard::Duplicate;
        return outcome;
    }
    outcome.is_new = !known || server.standing == Standing::Lost;
    if (outcome.reborn) {
        server.number = 0;
        server.known = server.whole = server.older_told = false;
        server.promises = {};
    }
    if (beat.region != server.region) {
        enter(outcome.server, Standing::Unknown);  // out of the pools of the old one
        server.region = beat.region;
    }
    const bool gap = beat.number != server.number + 1;
    server.incarnation = beat.incarnation;
    server.number = beat.number;
    server.version = beat.version;
    server.signalling = beat.signalling;
    server.link = beat.link;
    server.state = beat.state;
    const bool drains = beat.state == cluster::ServerState::Draining && beat.drain_left;
    server.drain_by = drains ? now + *beat.drain_left : Instant::never();
    server.leaving = beat.leaving;
    server.load = beat.load;
    server.heard = server.spared_until = now;
    server.first_whole = beat.whole && !server.known;
    if (beat.whole) {
        server.known = server.whole = true;
    } else if (gap || !server.whole) {
        server.whole = false;
        outcome.heard = server.known ? Heard::Gap : Heard::Useless;
        outcome.ask_for_whole = now >= server.beat_wanted_until;
        if (outcome.ask_for_whole) server.beat_wanted_until = now + kBeatWantedAgain;
    }
    judge(now, outcome.server);
    return outcome;
}

void Servers::on_deaf(Instant now) {
    for (Server& server : servers_) {
        if (!server.id.empty() && server.standing != Standing::Lost) server.heard = now;
    }
}

void Servers::on_reconnected(Instant now) {
    on_deaf(now);
    for (Server& server : servers_) server.spared_until = now + patience_.back;
}

void Servers::on_placed(Instant now, ServerIndex server, uint64_t room, uint32_t seats) {
    servers_[server].promises.on_placed(now, room, seats);
    judge(now, server);
}

void Servers::on_seen(Instant since, ServerIndex server, uint64_t room, uint32_t seats) {
    if (!servers_[server].promises.contains(room)) {
        servers_[server].promises.on_placed(since, room, seats);
    }
}

void Servers::on_report(ServerIndex server, uint64_t room, uint32_t peers) {
    servers_[server].promises.on_report(room, peers);
}

void Servers::on_gone(ServerIndex server, uint64_t room) {
    servers_[server].promises.on_gone(room);
}

bool Servers::is_awaited(ServerIndex server, uint64_t room) const {
    return servers_[server].promises.is_awaited(room);
}

void Servers::on_counted(Instant now, ServerIndex server, size_t rooms) {
    servers_[server].rooms = static_cast<uint32_t>(rooms);
    servers_[server].promises.on_deadline(now);
    judge(now, server);
}

std::vector<ServerIndex> Servers::all() const {
    std::vector<ServerIndex> servers;
    for (ServerIndex server = 0; server < servers_.size(); ++server) {
        if (!servers_[server].id.empty()) servers.push_back(server);
    }
    std::ranges::sort(servers, {}, [this](ServerIndex at) { return servers_[at].id; });
    return servers;
}

std::vector<ServerIndex> Servers::draining() const {
    std::vector<ServerIndex> draining;
    for (ServerIndex server = 0; server < servers_.size(); ++server) {
        const bool drains = servers_[server].standing == Standing::Draining;
        if (drains && !servers_[server].drain_by.is_never()) draining.push_back(server);
    }
    return draining;
}

bool Servers::all_whole() const {
    return std::ranges::all_of(servers_, [](const Server& server) {
        return server.id.empty() || server.standing == Standing::Lost || server.whole;
    });
}

const Pool* Servers::pool(std::string_view region) const {
    const auto found = regions_.find(region);
    return found == regions_.end() ? nullptr : &found->second;
}

std::vector<std::string_view> Servers::regions() const {
    std::vector<std::string_view> names;
    for (const auto& [name, pool] : regions_) names.push_back(name);
    return names;
}

bool Servers::watch(Instant now, ServerIndex at) {
    const bool was_lost = servers_[at].standing == Standing::Lost;
    judge(now, at);
    return !was_lost && servers_[at].standing == Standing::Lost;
}

void Servers::forget(ServerIndex at) {
    enter(at, Standing::Lost);
    by_id_.erase(hash_text(seed_, servers_[at].id), at);
    servers_[at] = {};
    free_.push_back(at);
    --size_;
}

Standing Servers::standing_of(Instant now, const Server& server) const {
    const Duration silence = now - server.heard;
    // Once lost only a beat, which sets `heard`, brings it back.
    if (silence >= patience_.lost) {
        const bool spared = server.standing != Standing::Lost && now < server.spared_until;
        return spared ? Standing::Stale : Standing::Lost;
    }
    if (silence >= patience_.stale) return Standing::Stale;
    if (server.state != cluster::ServerState::Up) return Standing::Draining;
    if (!server.known) return Standing::Unknown;
    if (server.is_full()) return Standing::Full;
    return server.load.overloaded ? Standing::Overloaded : Standing::Eligible;
}

void Servers::judge(Instant now, ServerIndex at) {
    enter(at, standing_of(now, servers_[at]));
}

void Servers::enter(ServerIndex at, Standing standing) {
    Server& server = servers_[at];
    server.standing = standing;
    const Tier tier = tier_of(standing);
    const auto load = static_cast<float>(server.load_with_room());
    everywhere_.set(at, tier, load);
    auto region = regions_.find(server.region);
    if (region == regions_.end()) {
        if (tier == Tier::Closed) return;
        region = regions_.emplace(server.region, Pool(ordered_)).first;
    }
    region->second.set(at, tier, load);
    if (region->second.empty()) regions_.erase(region);
}

void Servers::ensure_invariants() const {
    size_t eligible = 0;
    size_t in_regions = 0;
    for (const Server& server : servers_) {
        eligible += !server.id.empty() && server.standing == Standing::Eligible ? 1 : 0;
    }
    for (const auto& [name, pool] : regions_) in_regions += pool.servers(Tier::Free).size();
    ENSURE(eligible == everywhere_.servers(Tier::Free).size());
    ENSURE(eligible == in_regions);
    ENSURE(by_id_.size() == size_);
}

}  // namespace parley::router_service
