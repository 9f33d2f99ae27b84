#include "router-service/picture.h"

#include <algorithm>

namespace parley::router_service {

Picture::Picture(uint64_t seed, Patience patience, bool ordered)
    : servers_(seed, patience, ordered), rooms_(seed) {}

Picture::News Picture::on_beat(Instant now, const cluster::Beat& beat) {
    const Servers::Outcome heard = servers_.on_beat(now, beat);
    News news{.server = heard.server, .ask_for_whole = heard.ask_for_whole};
    news.two_claim = heard.say_once;
    if (heard.heard == Servers::Heard::Older || heard.heard == Servers::Heard::Duplicate) {
        return news;
    }
    news.appeared = heard.is_new;
    news.returned = heard.is_new && !heard.reborn;
    for (const cluster::RoomReport& report : beat.rooms) {
        const Rooms::Outcome outcome = on_report(now, heard.server, report);
        if (outcome.verdict != Rooms::Verdict::Disputed) continue;
        news.disputed.push_back({report.room, *rooms_.fence(heard.server, report.room)});
    }
    take_released(beat, news);
    take_closed(beat, news);
    if (beat.whole) reconcile(beat, news);
    servers_.on_counted(now, heard.server, rooms_.rooms_of(heard.server).size());
    return news;
}

void Picture::take_closed(const cluster::Beat& beat, News& news) {
    for (const std::string& id : beat.closed) {
        if (is_news(news.server, id)) on_closed(news.server, id);
    }
}

// A server lets go of rooms at the end of a drain, or because it was told to by somebody who was
// late. They are not closed: where it was still the home, they want another.
void Picture::take_released(const cluster::Beat& beat, const News& news) {
    std::vector<RoomIndex> homeless;
    for (const std::string& id : beat.released) {
        if (!is_news(news.server, id)) continue;
        servers_.on_gone(news.server, rooms_.hash(id));
        const auto room = rooms_.find(id);
        if (room && rooms_[*room].home == news.server) {
            homeless.push_back(*room);
        } else {
            rooms_.on_closed(news.server, id);
        }
    }
    lose_rooms(std::move(homeless));
}

// A whole beat says by silence which rooms a server has no more. If it was born again since, they
// went down with the process that it was before; else they were closed.
void Picture::reconcile(const cluster::Beat& beat, News& news) {
    std::vector<std::string_view> reported;
    reported.reserve(beat.rooms.size());
    for (const cluster::RoomReport& report : beat.rooms) reported.push_back(report.room);
    std::vector<RoomIndex> missing = rooms_.on_whole(news.server, std::move(reported));
    std::erase_if(missing, [&](RoomIndex room) { return !is_news(news.server, rooms_[room].id); });
    const bool reborn = servers_[news.server].first_whole;
    if (reborn) return lose_rooms(std::move(missing));
    for (const RoomIndex room : missing) {
        const std::string id = rooms_[room].id;
        // What has no home yet is not closed by who had it last.
        if (!is_homeless(id)) on_closed(news.server, id);
    }
}

// Not when it was opened there a moment ago: this beat may have been on its way before.
bool Picture::is_news(ServerIndex from, std::string_view room) const {
    return !servers_.is_awaited(from, rooms_.hash(room));
}

Rooms::Outcome Picture::on_opened(Instant now, ServerIndex from,
                                  const cluster::RoomReport& report) {
    servers_.on_seen(now, from, rooms_.hash(report.room), expected_seats(report.options));
    return take(from, report);
}

Rooms::Outcome Picture::on_report(Instant now, ServerIndex from,
                                  const cluster::RoomReport& report) {
    const Rooms::Outcome outcome = take(from, report);
    if (outcome.verdict == Rooms::Verdict::Disputed) return outcome;
    const uint64_t name = rooms_.hash(report.room);
    const bool is_young = report.created + kFillTime > now;
    // Placed by another replica, or by a peer who joined: it fills all the same.
    if (outcome.verdict == Rooms::Verdict::New && is_young) {
        servers_.on_seen(report.created, from, name, expected_seats(report.options));
    }
    servers_.on_report(from, name, report.peers);
    return outcome;
}

Rooms::Outcome Picture::take(ServerIndex from, const cluster::RoomReport& report) {
    const Rooms::Outcome outcome = rooms_.on_report(servers_, from, report);
    if (outcome.verdict == Rooms::Verdict::Disputed) return outcome;
    if (outcome.verdict == Rooms::Verdict::Moved) {
        servers_.on_gone(outcome.before, rooms_.hash(report.room));
    }
    homeless_.erase(report.room);
    return outcome;
}

// A homeless room may have been opened elsewhere and closed before any beat said so. Who only gives
// up what it was fenced off from closes nothing.
void Picture::on_closed(ServerIndex from, std::string_view id) {
    servers_.on_gone(from, rooms_.hash(id));
    const auto room = rooms_.find(id);
    const bool homeless = room && is_homeless(id) && !rooms_.fence(from, id);
    if (homeless) rooms_.on_closed(rooms_[*room].home, id);
    if (rooms_.on_closed(from, id) || homeless) homeless_.erase(std::string(id));
}

std::vector<ServerIndex> Picture::on_deadline(Instant now) {
    std::vector<ServerIndex> lost = servers_.on_deadline(now, [this](ServerIndex server) {
        if (!rooms_.rooms_of(server).empty()) return false;
        rooms_.forget(server);
        return true;
    });
    std::vector<RoomIndex> rooms;
    for (const ServerIndex server : lost) {
        const auto had = rooms_.rooms_of(server);
        rooms.insert(rooms.end(), had.begin(), had.end());
    }
    lose_rooms(std::move(rooms));
    return lost;
}

void Picture::lose_rooms(std::vector<RoomIndex> rooms) {
    // The row is taken from its end.
    std::ranges::sort(rooms, {}, [this](RoomIndex room) { return rooms_[room].peers; });
    std::vector<std::string> ids;
    for (const RoomIndex room : rooms) {
        if (homeless_.insert(rooms_[room].id).second) ids.push_back(rooms_[room].id);
    }
    row_.insert(row_.begin(), ids.begin(), ids.end());
}

void Picture::on_placed(Instant now, ServerIndex server, std::string_view room, uint32_t seats) {
    servers_.on_placed(now, server, rooms_.hash(room), seats);
}

void Picture::on_not_placed(ServerIndex server, std::string_view room) {
    servers_.on_gone(server, rooms_.hash(room));
}

std::string Picture::next_homeless() {
    while (!row_.empty()) {
        std::string room = std::move(row_.back());
        row_.pop_back();
        if (homeless_.contains(room)) return room;
    }
    return "";
}

bool Picture::is_homeless(std::string_view room) const {
    return !homeless_.empty() && homeless_.contains(std::string(room));
}

void Picture::queue_all_homeless() {
    std::vector<RoomIndex> rooms;
    for (const std::string& id : homeless_) rooms.push_back(*rooms_.find(id));
    homeless_.clear();
    row_.clear();
    // The order of a hash table is nobody's.
    std::ranges::sort(rooms, {}, [this](RoomIndex room) { return rooms_[room].id; });
    std::ranges::stable_sort(rooms, {}, [this](RoomIndex room) { return rooms_[room].peers; });
    lose_rooms(std::move(rooms));
}

void Picture::ensure_invariants() const {
    servers_.ensure_invariants();
    rooms_.ensure_invariants();
    for (const std::string& room : homeless_) ENSURE(rooms_.find(room));
}

}  // namespace parley::router_service
