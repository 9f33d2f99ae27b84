#include "router-service/rooms.h"

#include <algorithm>

namespace parley::router_service {

Rooms::Rooms(uint64_t seed) : seed_(seed), options_(seed) {}

std::optional<RoomIndex> Rooms::find(std::string_view id) const {
    return by_id_.find(hash(id), [&](uint32_t at) { return rooms_[at].id == id; });
}

Rooms::Outcome Rooms::on_report(const Servers& servers, ServerIndex from,
                                const cluster::RoomReport& report) {
    const auto known = find(report.room);
    const auto fenced = fence(from, report.room);
    // A claim that lost once does not win by the winner's going away.
    if (fenced && report.epoch < *fenced) {
        return {Verdict::Disputed, known.value_or(0), known.has_value(), from, 0};
    }
    if (!known) {
        settle(from, report.room);
        return {Verdict::New, insert(from, report), true, from, 0};
    }
    const Room& room = rooms_[*known];
    const ServerIndex before = room.home;
    const cluster::Epoch epoch_before = room.epoch;
    if (before == from) {
        move(*known, from, report);
        return {Verdict::Known, *known, true, before, epoch_before};
    }
    if (!wins(servers, from, report, room)) {
        dispute(from, report.room, room.epoch);
        return {Verdict::Disputed, *known, true, before, epoch_before};
    }
    settle(from, report.room);
    dispute(before, report.room, report.epoch);
    move(*known, from, report);
    return {Verdict::Moved, *known, true, before, epoch_before};
}

bool Rooms::wins(const Servers& servers, ServerIndex from, const cluster::RoomReport& report,
                 const Room& room) const {
    if (report.epoch != room.epoch) return report.epoch > room.epoch;
    if (report.peers != room.peers) return report.peers > room.peers;
    return servers[from].id < servers[room.home].id;
}

bool Rooms::on_closed(ServerIndex from, std::string_view id) {
    settle(from, id);
    const auto room = find(id);
    if (!room || rooms_[*room].home != from) return false;
    erase(*room);
    return true;
}

std::vector<RoomIndex> Rooms::on_whole(ServerIndex from, std::vector<std::string_view> reported) {
    std::ranges::sort(reported);
    const auto gone = [&](std::string_view id) {
        return !std::ranges::binary_search(reported, id);
    };
    std::vector<RoomIndex> missing;
    for (const RoomIndex room : rooms_of(from)) {
        if (gone(rooms_[room].id)) missing.push_back(room);
    }
    if (from < fences_.size()) {
        disputed_ -= std::erase_if(fences_[from], [&](const auto& f) { return gone(f.first); });
    }
    return missing;
}

std::span<const RoomIndex> Rooms::rooms_of(ServerIndex server) const {
    if (server >= homes_.size()) return {};
    return homes_[server];
}

std::vector<Dispute> Rooms::disputes_of(ServerIndex server) const {
    std::vector<Dispute> disputes;
    if (server >= fences_.size()) return disputes;
    for (const auto& [room, epoch] : fences_[server]) disputes.push_back({room, epoch});
    std::ranges::sort(disputes, {}, &Dispute::room);
    return disputes;
}

std::optional<cluster::Epoch> Rooms::fence(ServerIndex server, std::string_view room) const {
    if (server >= fences_.size() || fences_[server].empty()) return std::nullopt;
    const auto found = fences_[server].find(std::string(room));
    if (found == fences_[server].end()) return std::nullopt;
    return found->second;
}

const Together* Rooms::together(std::string_view anti_affinity) const {
    const auto found = together_.find(anti_affinity);
    return found == together_.end() ? nullptr : &found->second;
}

// Goes through all rooms: nobody pages through a million of them often, and an ordered index would
// cost every room as much memory again.
std::vector<RoomIndex> Rooms::page(std::string_view after, size_t limit,
                                   std::string_view beginning) const {
    const auto by_id = [this](RoomIndex a, RoomIndex b) { return rooms_[a].id < rooms_[b].id; };
    std::vector<RoomIndex> first;  // a heap, greatest id on top
    for (RoomIndex room = 0; room < rooms_.size() && limit > 0; ++room) {
        const std::string& id = rooms_[room].id;
        if (id.empty() || id <= after || !id.starts_with(beginning)) continue;
        if (first.size() == limit) {
            if (id >= rooms_[first.front()].id) continue;
            std::ranges::pop_heap(first, by_id);
            first.pop_back();
        }
        first.push_back(room);
        std::ranges::push_heap(first, by_id);
    }
    std::ranges::sort_heap(first, by_id);
    return first;
}

void Rooms::forget(ServerIndex server) {
    ENSURE(rooms_of(server).empty());
    if (server >= fences_.size()) return;
    disputed_ -= fences_[server].size();
    fences_[server].clear();
}

RoomIndex Rooms::insert(ServerIndex home, const cluster::RoomReport& report) {
    if (free_.empty()) {
        free_.push_back(static_cast<RoomIndex>(rooms_.size()));
        rooms_.emplace_back();
    }
    const RoomIndex at = free_.back();
    free_.pop_back();
    rooms_[at] = {.id = report.room, .options = options_.take(report.options)};
    update(at, report);
    by_id_.insert(hash(report.room), at);
    join_home(at, home);
    return at;
}

void Rooms::update(RoomIndex at, const cluster::RoomReport& report) {
    Room& room = rooms_[at];
    room.epoch = report.epoch;
    room.created = report.created;
    room.peers = report.peers;
    take_overflow(at, report);
    if (options_[room.options] == report.options) return;
    const uint32_t before = room.options;
    room.options = options_.take(report.options);
    options_.release(before);
}

void Rooms::take_overflow(RoomIndex at, const cluster::RoomReport& report) {
    if (!report.overflow.empty()) {
        overflow_[at] = report.overflow;
    } else if (!overflow_.empty()) {
        overflow_.erase(at);
    }
}

// Leaves even the home it comes back to when it has other options now: it is counted by them.
void Rooms::move(RoomIndex at, ServerIndex to, const cluster::RoomReport& report) {
    const bool stays = rooms_[at].home == to && options(rooms_[at]) == report.options;
    if (!stays) leave_home(at);
    update(at, report);
    if (!stays) join_home(at, to);
}

void Rooms::erase(RoomIndex at) {
    leave_home(at);
    by_id_.erase(hash(rooms_[at].id), at);
    options_.release(rooms_[at].options);
    overflow_.erase(at);
    rooms_[at] = {};
    free_.push_back(at);
}

void Rooms::join_home(RoomIndex at, ServerIndex home) {
    if (home >= homes_.size()) homes_.resize(home + 1);
    rooms_[at].home = home;
    rooms_[at].place = static_cast<uint32_t>(homes_[home].size());
    homes_[home].push_back(at);
    count_together(rooms_[at], +1);
}

void Rooms::leave_home(RoomIndex at) {
    count_together(rooms_[at], -1);
    std::vector<RoomIndex>& home = homes_[rooms_[at].home];
    home[rooms_[at].place] = home.back();
    rooms_[home.back()].place = rooms_[at].place;
    home.pop_back();
}

void Rooms::count_together(const Room& room, int by) {
    const std::string& name = options(room).anti_affinity;
    if (name.empty()) return;
    Together& together = together_[name];
    if ((together[room.home] += static_cast<uint32_t>(by)) == 0) together.erase(room.home);
    if (together.empty()) together_.erase(name);
}

void Rooms::dispute(ServerIndex server, std::string_view room, cluster::Epoch epoch) {
    if (server >= fences_.size()) fences_.resize(server + 1);
    const auto [found, is_new] = fences_[server].try_emplace(std::string(room), epoch);
    found->second = std::max(found->second, epoch);
    disputed_ += is_new ? 1 : 0;
}

void Rooms::settle(ServerIndex server, std::string_view room) {
    if (server >= fences_.size() || fences_[server].empty()) return;
    disputed_ -= fences_[server].erase(std::string(room));
}

size_t Rooms::bytes() const {
    size_t bytes = rooms_.size() * sizeof(Room) + free_.capacity() * sizeof(RoomIndex) +
                   by_id_.bytes() + options_.bytes() +
                   homes_.capacity() * sizeof(std::vector<RoomIndex>);
    for (const Room& room : rooms_) {
        if (room.id.capacity() > std::string().capacity()) bytes += room.id.capacity() + 1;
    }
    for (const auto& home : homes_) bytes += home.capacity() * sizeof(RoomIndex);
    return bytes;
}

void Rooms::ensure_invariants() const {
    size_t at_home = 0;
    for (ServerIndex server = 0; server < homes_.size(); ++server) {
        for (uint32_t place = 0; place < homes_[server].size(); ++place) {
            const Room& room = rooms_[homes_[server][place]];
            ENSURE(room.home == server && room.place == place && !room.id.empty());
            ++at_home;
        }
    }
    ENSURE(at_home == by_id_.size());
    for (const auto& [room, lenders] : overflow_) {
        ENSURE(!rooms_[room].id.empty() && !lenders.empty());
    }
    size_t disputed = 0;
    for (const Fences& fences : fences_) disputed += fences.size();
    ENSURE(disputed == disputed_);
}

}  // namespace parley::router_service
