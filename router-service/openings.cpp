#include <algorithm>
#include <utility>

#include "common/cluster/codec.h"
#include "common/cluster/trace.h"
#include "common/json/json.h"
#include "router-service/core.h"

// How a room gets a home: the first, or another when it is lost.
namespace parley::router_service {

namespace {

constexpr uint16_t kUnavailable = 503;
constexpr Duration kMovesAgain = 1s;    // when nobody has capacity for a room of a lost server
constexpr Duration kReleaseAgain = 5s;  // to whoever has not given a room up
constexpr size_t kReleasesAtOnce = 256;
// A release that comes later than this may be by somebody who has not been active for a while, and
// about a room that was given back to this server since. Who has not given up is told again.
constexpr Duration kReleaseLife = 2s;
constexpr Duration kDrainSpare = 2s;  // before the deadline, to hear that all is done

// A refusal that another server would not repeat.
bool is_servers_own(uint16_t code) {
    return code == 409 || code == 429 || code >= 500;
}

cluster::RoomReport report_of(const cluster::RoomPlace& place) {
    return {.room = place.room,
            .epoch = place.epoch,
            .peers = place.peers,
            .created = place.created,
            .options = place.options};
}

}  // namespace

void RouterService::open(Instant now, Opening opening, Outputs& out) {
    moving_ += opening.moves ? 1 : 0;
    opening.since = opening.waiting.empty() ? now : opening.waiting.front().since;
    opening.traceparent = opening.waiting.empty() ? cluster::begin_trace(random_)
                                                  : opening.waiting.front().traceparent;
    const std::string room = opening.room;
    Opening& kept = openings_.insert_or_assign(room, std::move(opening)).first->second;
    ask_next(now, kept, out);
}

// Epochs are times, in milliseconds. Whichever replica decides later has the higher one, and a room
// that is made anew has one above what a late returner may still know of the one before.
void RouterService::ask_next(Instant now, Opening& opening, Outputs& out) {
    const std::string& name = opening.options.anti_affinity;
    const Wanted wanted{.region = opening.options.region,
                        .apart = name.empty() ? nullptr : picture_.rooms().together(name),
                        .tried = opening.tried};
    const bool may_try = opening.tried.size() < options_.attempts;
    const Decision decision =
        may_try ? choose_home(picture_.servers(), options_.placement, wanted, random_) : Decision{};
    const auto millis = static_cast<cluster::Epoch>(now.micros() / 1000);
    const cluster::Epoch epoch = std::max(opening.epoch + 1, millis);
    if (!opening.tried.empty()) {
        ++counts_.second_tries;
        release(opening.tried.back(), {.room = opening.room, .epoch = epoch}, decision.server, out);
    }
    opening.epoch = epoch;
    if (!decision.server) {
        const std::string why = may_try ? "no server can take the room" : "no server answered";
        return give_up(now, opening.room, {kUnavailable, "capacity: " + why}, out);
    }
    const std::string& server = picture_.servers()[*decision.server].id;
    const std::string trace(cluster::trace_id(opening.traceparent));
    DecisionRecord record{.at = now,
                          .server = server,
                          .epoch = epoch,
                          .reasons = reasons_text(decision, picture_.servers(), wanted),
                          .trace = trace,
                          .before = opening.before};
    out.push_back(Log{Level::Info, "home chosen: " + record.reasons, opening.room, server, trace});
    decisions_.record(picture_.rooms().hash(opening.room), std::move(record));
    picture_.on_placed(now, *decision.server, opening.room,
                       std::max(opening.peers, expected_seats(opening.options)));
    opening.tried.push_back(*decision.server);
    const uint64_t number =
        questions_.ask(now + options_.open_time, {.server = server, .opening = opening.room});
    ask_server(server, cluster::RoomOpen{opening.room, epoch, opening.options}, number,
               options_.open_time, opening.traceparent, out);
}

void RouterService::on_opened(Instant now, const Question& question,
                              const cluster::RoomAnswer& said, const std::string& body,
                              Outputs& out) {
    const auto found = openings_.find(question.opening);
    if (found == openings_.end()) return;
    Opening& opening = found->second;
    if (!said.refusal && said.room.room == opening.room) {
        return take_home(now, said.room, body, out);
    }
    if (!said.refusal) on_unreadable(question, "it is about another room", out);
    const std::string why = said.refusal ? said.refusal->reason : "it answers for another room";
    out.push_back(Log{Level::Warning, "not opened: " + why, opening.room, question.server,
                      std::string(cluster::trace_id(opening.traceparent))});
    picture_.on_not_placed(opening.tried.back(), opening.room);
    if (said.refusal && !is_servers_own(said.refusal->code)) {
        return give_up(now, opening.room, *said.refusal, out);
    }
    ask_next(now, opening, out);
}

void RouterService::take_home(Instant now, const cluster::RoomPlace& place, const std::string& body,
                              Outputs& out) {
    Opening opening = take_opening(place.room);
    const ServerIndex home = opening.tried.back();
    const Rooms::Outcome outcome = picture_.on_opened(now, home, report_of(place));
    if (outcome.verdict == Rooms::Verdict::Disputed) {
        release(home, place.room, *picture_.rooms().fence(home, place.room), out);
    } else {
        ++counts_.assignments;
        (opening.moves ? counts_.rehoming : counts_.assignment).observe(now - opening.since);
    }
    if (outcome.verdict == Rooms::Verdict::Moved) {
        release(outcome.before, place.room, place.epoch, out);
    }
    if (opening.moves && outcome.verdict != Rooms::Verdict::Disputed) {
        ++counts_.moves;
        tell_moved(now, opening, place, out);
    }
    for (Call& call : opening.waiting) {
        const bool creates = std::holds_alternative<cluster::RoomCreate>(call.command);
        if (creates && outcome.verdict != Rooms::Verdict::Disputed) {
            answer(call, false, body, out);
        } else {
            dispatch(now, std::move(call), out);
        }
    }
}

void RouterService::tell_moved(Instant now, const Opening& opening, const cluster::RoomPlace& place,
                               Outputs& out) {
    const std::string& home = picture_.servers()[opening.tried.back()].id;
    JsonWriter data;
    data.object().text("from", opening.before).text("home", home);
    data.text("signalling", place.signalling).end_object();
    tell_app({.type = "room.moved",
              .at = now,
              .server = home,
              .room = place.room,
              .epoch = place.epoch,
              .data = data.take()},
             out);
}

RouterService::Opening RouterService::take_opening(std::string_view room) {
    const auto found = openings_.find(room);
    Opening opening = std::move(found->second);
    openings_.erase(found);
    moving_ -= opening.moves ? 1 : 0;
    return opening;
}

void RouterService::give_up(Instant now, std::string_view room, const cluster::Refusal& why,
                            Outputs& out) {
    const Opening opening = take_opening(room);
    ++counts_.no_capacity;
    out.push_back(Log{Level::Warning, "no home: " + why.reason, opening.room, "",
                      std::string(cluster::trace_id(opening.traceparent))});
    if (opening.moves) {
        // One that still has its home stays there, and is chosen anew.
        if (picture_.is_homeless(opening.room)) picture_.queue_again(opening.room);
        moves_at_ = now + kMovesAgain;
    }
    for (const Call& call : opening.waiting) refuse(call, why.code, why.reason, out);
}

// A room whose home is lost, or drains. The rooms of one server go to many: each is placed for
// itself.
void RouterService::move(Instant now, std::string_view id, Outputs& out) {
    if (openings_.contains(id)) return;
    const Room& room = picture_.rooms()[*picture_.rooms().find(id)];
    Opening opening{.room = room.id, .options = picture_.rooms().options(room)};
    opening.epoch = room.epoch;
    opening.peers = room.peers;
    opening.before = picture_.home_of(room).id;
    opening.moves = true;
    open(now, std::move(opening), out);
}

void RouterService::move_homeless(Instant now, Outputs& out) {
    if (now < moves_at_) return;
    while (moving_ < options_.moves_at_once && now >= moves_at_) {
        const std::string room = picture_.next_homeless();
        if (room.empty()) return;
        const Server& before = picture_.home_of(picture_.rooms()[*picture_.rooms().find(room)]);
        // It came back, and will say with its next whole beat whether it still has the room.
        const bool may_have_it = before.standing != Standing::Lost && !before.whole;
        if (may_have_it) {
            picture_.queue_again(room);
            moves_at_ = now + kMovesAgain;
            return;
        }
        move(now, room, out);
    }
}

// The rooms of a draining server are opened elsewhere before they are released, at an even pace
// from its first word of it to shortly before it would give up what is left: people are put out of
// few rooms at a time, and nowhere do all come at once.
void RouterService::move_drained(Instant now, Outputs& out) {
    std::erase_if(drained_, [&](const auto& one) {
        return picture_.servers()[one.first].drain_by.is_never();
    });
    if (now < moves_at_) return;
    for (const ServerIndex server : picture_.servers().draining()) {
        const size_t rooms = picture_.rooms().rooms_of(server).size();
        const Duration spare = kDrainSpare + options_.open_time * options_.attempts;
        const Duration left = picture_.servers()[server].drain_by - now - spare;
        const double looks = std::max(
            1.0, static_cast<double>(left.count()) / static_cast<double>(options_.tick.count()));
        double& due = drained_[server];
        due += static_cast<double>(rooms) / looks;
        const auto whole = static_cast<size_t>(due);
        due -= static_cast<double>(whole);
        move_some(now, server, std::min(whole, rooms), out);
    }
}

// Those with the fewest people first: the others may be over before it is their turn.
void RouterService::move_some(Instant now, ServerIndex from, size_t count, Outputs& out) {
    count = std::min(count, options_.moves_at_once - std::min(moving_, options_.moves_at_once));
    if (count == 0) return;
    const Rooms& rooms = picture_.rooms();
    std::vector<RoomIndex> next;
    for (const RoomIndex room : rooms.rooms_of(from)) {
        const std::string& id = rooms[room].id;
        if (!openings_.contains(id) && !picture_.is_homeless(id)) next.push_back(room);
    }
    count = std::min(count, next.size());
    std::ranges::partial_sort(
        next, next.begin() + static_cast<std::ptrdiff_t>(count), {}, [&](RoomIndex room) {
            return std::pair(rooms[room].peers, std::string_view(rooms[room].id));
        });
    next.resize(count);
    std::vector<std::string> ids;
    for (const RoomIndex room : next) ids.push_back(rooms[room].id);
    for (const std::string& id : ids) move(now, id, out);
}

void RouterService::release(ServerIndex server, std::string_view room, cluster::Epoch epoch,
                            Outputs& out) {
    const auto known = picture_.rooms().find(room);
    std::optional<ServerIndex> home;
    if (known) home = picture_.rooms()[*known].home;
    const bool closed = !known && !openings_.contains(room);
    release(server, {.room = std::string(room), .epoch = epoch, .closed = closed}, home, out);
}

void RouterService::release(ServerIndex server, cluster::RoomRelease said,
                            std::optional<ServerIndex> home, Outputs& out) {
    ++counts_.releases;
    if (home && *home != server) {
        said.home = picture_.servers()[*home].id;
        said.signalling = picture_.servers()[*home].signalling;
    }
    tell_server(picture_.servers()[server].id, said, out, kReleaseLife);
}

// A release may be lost with whoever was active when it was due. Or there is nothing to release,
// and the server will not say so unless it is asked for all that it has; so the standby asks too.
void RouterService::settle_disputes(Instant now, Outputs& out) {
    if (now - released_at_ < kReleaseAgain || picture_.rooms().disputes() == 0) return;
    released_at_ = now;
    size_t left = active_ ? kReleasesAtOnce : 0;
    for (const ServerIndex server : picture_.servers().all()) {
        if (picture_.servers()[server].standing == Standing::Lost) continue;
        const std::vector<Dispute> disputes = picture_.rooms().disputes_of(server);
        for (const Dispute& dispute : disputes) {
            if (left == 0) break;
            --left;
            release(server, dispute.room, dispute.epoch, out);
        }
        if (disputes.empty()) continue;
        tell_server(picture_.servers()[server].id, cluster::BeatWanted{}, out);
    }
}

}  // namespace parley::router_service
