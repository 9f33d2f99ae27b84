#include "controller/control/client.h"

#include "controller/control/codec.h"
#include "controller/control/tables.h"

namespace parley::controller::control {

namespace {

using Verb = Command::Verb;

constexpr base::Duration kSample = 1s;
constexpr size_t kReportBytes = 256 * 1024 * 1024;

Step done(std::string print) {
    return {.print = std::move(print), .exit_code = 0};
}

Step failed(std::string reason) {
    return {.complain = "parleyctl: " + std::move(reason) + "\n", .exit_code = 1};
}

}  // namespace

Client::Client(Command command) : command_(std::move(command)) {}

Step Client::start(Instant) {
    const Request requests[] = {{1, Hello{.name = "parleyctl"}}, {2, first_request()}};
    return {.send = write_requests(requests)};
}

RequestBody Client::first_request() const {
    switch (command_.verb) {
        case Verb::Rooms: return ListRooms{};
        case Verb::Room: return GetRoom{command_.room};
        case Verb::Peers: return ListPeers{command_.room, "", 0};
        case Verb::Workers:
        case Verb::Top: return ListWorkers{};
        case Verb::Close: return CloseRoom{command_.room};
        case Verb::Kick: return KickPeer{command_.room, command_.peer, command_.reason};
        case Verb::Mute: return MutePeer{command_.room, command_.peer, true};
        case Verb::Unmute: return MutePeer{command_.room, command_.peer, false};
        case Verb::Drain: return command_.drain;
        case Verb::Undrain: return StopDrain{command_.drain.server};
        case Verb::Why: return ExplainRoom{command_.room};
        case Verb::Dump: return DumpRoom{command_.room, command_.peer};
    }
    return ListWorkers{};
}

Step Client::on_frame(Instant now, base::Bytes frame) {
    const auto replies = parse_replies(frame);
    if (!replies) return failed("the server answered what is no frame of replies");
    Step last;
    for (const Reply& reply : *replies) {
        if (const Error* error = std::get_if<Error>(&reply.body)) return failed(error->reason);
        if (!greeted_) {
            greeted_ = std::holds_alternative<HelloReply>(reply.body);
            if (!greeted_) return failed("the server did not greet");
            continue;
        }
        last = on_reply(now, reply.body);
    }
    return last;
}

Step Client::on_reply(Instant now, const ReplyBody& body) {
    if (const auto* page = std::get_if<Rooms>(&body)) return on_rooms(now, *page);
    if (const auto* page = std::get_if<Peers>(&body)) return on_peers(now, *page);
    if (const auto* reply = std::get_if<Workers>(&body)) return on_workers(now, *reply);
    if (const auto* state = std::get_if<DrainState>(&body)) return on_drain(now, *state);
    if (const auto* report = std::get_if<Report>(&body)) return on_report(*report);
    if (const auto* room = std::get_if<RoomLine>(&body)) {
        return done(command_.json ? room_json(*room) : room_text(now, *room));
    }
    // Another server was told; how it is, the others say.
    if (command_.verb == Verb::Drain && command_.wait) {
        next_sample_ = now + kSample;
        return {};
    }
    const std::string& server = command_.drain.server;
    return done(server.empty() ? "" : "server " + server + " was told\n");
}

Step Client::on_report(const Report& report) const {
    if (command_.json) return done(report.json + "\n");
    const auto document = JsonDocument::parse(report.json, {.bytes = kReportBytes});
    if (!document) return failed("the server answered what is no JSON");
    if (command_.verb == Verb::Why) return done(why_text(document->root()));
    return done(document->root().pretty() + "\n");
}

Step Client::on_rooms(Instant now, const Rooms& page) {
    rooms_.insert(rooms_.end(), page.rooms.begin(), page.rooms.end());
    if (page.more && !page.rooms.empty()) return ask(ListRooms{rooms_.back().room.id, 0});
    return done(command_.json ? rooms_json(rooms_) : rooms_text(now, rooms_));
}

Step Client::on_peers(Instant now, const Peers& page) {
    peers_.insert(peers_.end(), page.peers.begin(), page.peers.end());
    if (page.more && !page.peers.empty()) return ask(ListPeers{command_.room, peers_.back().id, 0});
    return done(command_.json ? peers_json(peers_) : peers_text(now, peers_));
}

Step Client::on_workers(Instant now, const Workers& reply) {
    if (command_.verb != Verb::Top) {
        return done(command_.json ? workers_json(reply.workers) : workers_text(reply.workers));
    }
    top_.on_sample(now, reply.workers);
    // Rates need two samples; a single table waits for a third, so that no rate is read off a
    // moment in which the server itself had nothing new to tell.
    const size_t wanted = command_.once ? 3 : 2;
    next_sample_ = now + kSample;
    if (top_.samples() < wanted) return {};
    const std::string table = command_.json ? top_.json() : top_.text();
    if (command_.once) return done(table);
    constexpr const char* kHomeAndClear = "\x1b[H\x1b[J";
    return {.print = command_.json ? table : kHomeAndClear + table};
}

// A line whenever something has changed, until it is done or somebody has thought better of it.
Step Client::on_drain(Instant now, const DrainState& state) {
    std::string line = command_.json ? drain_json(state) : drain_text(state);
    if (command_.verb == Verb::Undrain || !command_.wait) return done(std::move(line));
    if (line == drain_told_) line.clear();
    if (!line.empty()) drain_told_ = line;
    if (state.state == cluster::ServerState::Drained) return done(std::move(line));
    const bool is_up = state.state == cluster::ServerState::Up;
    if (is_up && (drain_seen_ || command_.drain.server.empty())) {
        return failed("the drain was undone");
    }
    drain_seen_ = drain_seen_ || !is_up;
    next_sample_ = now + kSample;
    return {.print = std::move(line)};
}

Step Client::on_deadline(Instant now) {
    if (now < next_sample_) return {};
    next_sample_ = Instant::never();  // until the answer is here
    if (command_.verb == Verb::Drain) return ask(GetDrain{command_.drain.server});
    return ask(ListWorkers{});
}

Step Client::ask(RequestBody body) {
    const Request request{3, std::move(body)};
    return {.send = write_requests({&request, 1})};
}

}  // namespace parley::controller::control
