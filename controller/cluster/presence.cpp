#include "controller/cluster/presence.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"
#include "common/cluster/trace.h"

namespace parley::controller::clustering {

namespace {

constexpr uint16_t kPrefetch = 200;
constexpr base::Duration kBeatTime = 1s;
constexpr base::Duration kUnsettled = 50ms;
constexpr base::Duration kWholeTime = 10s;
constexpr base::Duration kReleaseTold = 30s;
constexpr size_t kClosedMost = 10'000;       // rooms, between two beats
constexpr base::Duration kBeatLife = 3s;     // a beat that waited longer says nothing
constexpr base::Duration kNewsWait = 500ms;  // an event is no slower than that behind an answer
constexpr base::Duration kAskTime = 4s;      // for an answer
constexpr base::Duration kRivalTime = 3s;    // without a beat of it
constexpr base::Duration kListenStep = 100ms;
constexpr size_t kAsksMost = 10'000;
constexpr size_t kLinkKeySize = 43;  // 256 bits
constexpr double kLoadAgain = 0.9;   // of the capacity: rooms are taken again below it

// The room that a command is about, "" for none.
std::string_view room_of(const cluster::Command& command) {
    return std::visit(
        [](const auto& one) -> std::string_view {
            if constexpr (requires { one.room; }) return one.room;
            return "";
        },
        command);
}

std::string_view server_of(const cluster::Command& command) {
    return std::visit(
        [](const auto& one) -> std::string_view {
            if constexpr (requires { one.server; }) return one.server;
            return "";
        },
        command);
}

}  // namespace

cluster::Topology topology(const Options& options) {
    cluster::Topology topology = cluster::server_topology(options.server, options.assignment);
    cluster::add_listener(topology, kDirectoryQueue, cluster::kLoad, {"load.*"});
    for (const char* key : {"room.created", "room.closed", "room.moved"}) {
        topology.bindings.push_back(
            {std::string(kDirectoryQueue), std::string(cluster::kEvents), key});
    }
    return topology;
}

Presence::Presence(Instant now, Options options, base::Random& random, IssueToken issue_token)
    : options_(std::move(options)),
      random_(random),
      issue_token_(std::move(issue_token)),
      incarnation_(static_cast<uint64_t>(std::max<int64_t>(now.micros(), 1))),
      link_key_(random.text(kLinkKeySize)),
      next_beat_(now),
      next_whole_(now) {}

void Presence::on_up(Instant now, Mail& mail) {
    up_ = true;
    answered_.clear();
    waiting_.clear();
    directory_.on_up(now);
    mail.push_back(Consume{std::string(kDirectoryQueue), 0});
    takes_rooms_ = false;
    next_beat_ = now;
    const bool listens = !speaks_ && options_.listen_first > 0s;
    if (!listens) return come_forward(now, mail);
    speak_at_ = now + options_.listen_first;
}

void Presence::come_forward(Instant now, Mail& mail) {
    speaks_ = true;
    mail.push_back(Consume{cluster::server_queue(options_.server), kPrefetch});
    next_beat_ = next_whole_ = now;
    if (beats_ == 0) tell(now, "server.up", mail);
}

// Ours come back to us as well. Two of one id would take each other's commands, and each be taken
// for the other: the one that was there first stays.
void Presence::on_own_beat(Instant now, const cluster::Beat& beat, Outputs& out, Mail& mail) {
    if (beat.incarnation == incarnation_) return;
    const bool is_younger = incarnation_ > beat.incarnation;
    rival_until_ = now + kRivalTime;
    if (std::exchange(rival_, beat.incarnation) != beat.incarnation) {
        out.push_back(Log{
            Level::Error,
            "another process says that it is server " + options_.server + ", at " + beat.link +
                (is_younger ? "; this one steps back until it is gone" : "; it is to step back")});
    }
    if (!is_younger || !speaks_) return;
    speaks_ = false;
    mail.push_back(Cancel{cluster::server_queue(options_.server)});
    if (std::exchange(takes_rooms_, false)) mail.push_back(Cancel{std::string(cluster::kRooms)});
}

void Presence::on_down() {
    up_ = false;
}

void Presence::on_delivery(Instant now, const cluster::Delivery& delivery, Controller& controller,
                           Outputs& out, Mail& mail) {
    if (delivery.queue == kDirectoryQueue) return on_news(now, delivery, controller, out, mail);
    if (on_answer(delivery, mail)) return;
    Call call{now, delivery, controller, out, mail};
    on_command(call, true);
}

AskId Presence::ask(Instant now, std::string key, const cluster::Command& command, Mail& mail,
                    std::string_view traceparent) {
    if (!up() || asks_.size() >= kAsksMost) return 0;
    const AskId id = ++last_ask_;
    asks_.emplace(id, now + kAskTime);
    mail.push_back(cluster::Publish{.exchange = std::string(cluster::kCommands),
                                    .key = std::move(key),
                                    .body = cluster::write(command),
                                    .reply_to = cluster::server_queue(options_.server),
                                    .correlation_id = ask_prefix() + std::to_string(id),
                                    .traceparent = cluster::go_on_with_trace(traceparent, random_),
                                    .expiration = kAskTime});
    return id;
}

// What is asked is answered in our own queue. It outlives us: an answer may be to a process that is
// no more.
std::string Presence::ask_prefix() const {
    return "ask-" + std::to_string(incarnation_) + "-";
}

bool Presence::on_answer(const cluster::Delivery& delivery, Mail& mail) {
    if (delivery.queue == cluster::kRooms || !delivery.correlation_id.starts_with("ask-")) {
        return false;
    }
    auto answer = cluster::parse_answer(delivery.body);
    if (!answer) return false;
    mail.push_back(cluster::Acknowledge{delivery.tag});
    const std::string prefix = ask_prefix();
    if (!delivery.correlation_id.starts_with(prefix)) return true;
    const std::string_view number = std::string_view(delivery.correlation_id).substr(prefix.size());
    AskId id = 0;
    std::from_chars(number.data(), number.data() + number.size(), id);
    if (asks_.erase(id) > 0) mail.push_back(Answered{id, std::move(*answer)});
    return true;
}

void Presence::on_command(Call& call, bool may_wait) {
    const bool from_app = call.delivery.queue == cluster::kRooms;
    auto command = cluster::parse_command(
        call.delivery.body, from_app ? cluster::Origin::App : cluster::Origin::Service,
        options_.room);
    if (!command) {
        ++counts_.unreadable;
        call.mail.push_back(cluster::Reject{call.delivery.tag, command.error()});
        if (call.delivery.reply_to.empty()) return;
        const cluster::Answer answer{cluster::Refusal{400, command.error()}};
        call.mail.push_back(cluster::Publish{.exchange = "",
                                             .key = call.delivery.reply_to,
                                             .body = cluster::write(answer),
                                             .correlation_id = call.delivery.correlation_id});
        return;
    }
    if (from_app && send_elsewhere(call, *command, may_wait)) return;
    ++counts_.commands;
    const Data data = std::visit([&](const auto& one) { return execute(call, one); }, *command);
    answer(call, data ? cluster::Answer{{}, *data} : cluster::Answer{data.error()});
}

// Whether the command is not for us: then its home has it, or it waits for news of its room.
bool Presence::send_elsewhere(Call& call, const cluster::Command& command, bool may_wait) {
    const std::string_view server = server_of(command);
    if (!server.empty() && server != options_.server && directory_.server(server)) {
        forward(call, std::string(server));
        return true;
    }
    const std::string_view room = room_of(command);
    if (room.empty() || call.controller.epoch(room) != 0) return false;
    if (const Elsewhere* place = directory_.find(room)) {
        forward(call, place->server);
        return true;
    }
    const bool makes = std::holds_alternative<cluster::RoomCreate>(command);
    if (makes || !may_wait) return false;
    waiting_.push_back({call.now + kNewsWait, call.delivery});
    return true;
}

void Presence::forward(Call& call, const std::string& server) {
    ++counts_.forwarded;
    const uint64_t id = ++last_id_;
    answered_.emplace(id, call.delivery.tag);
    call.mail.push_back(cluster::Publish{.id = id,
                                         .exchange = std::string(cluster::kCommands),
                                         .key = cluster::server_key(server),
                                         .body = call.delivery.body,
                                         .reply_to = call.delivery.reply_to,
                                         .correlation_id = call.delivery.correlation_id,
                                         .traceparent = call.delivery.traceparent});
}

void Presence::answer(Call& call, const cluster::Answer& said) {
    if (said.refusal) ++counts_.refusals;
    if (call.delivery.reply_to.empty()) {
        call.mail.push_back(cluster::Acknowledge{call.delivery.tag});
        return;
    }
    const uint64_t id = ++last_id_;
    answered_.emplace(id, call.delivery.tag);
    call.mail.push_back(cluster::Publish{.id = id,
                                         .exchange = "",
                                         .key = call.delivery.reply_to,
                                         .body = cluster::write(said),
                                         .correlation_id = call.delivery.correlation_id});
}

void Presence::on_confirmed(uint64_t id, Mail& mail) {
    const auto found = answered_.find(id);
    if (found == answered_.end()) return;
    mail.push_back(cluster::Acknowledge{found->second});
    answered_.erase(found);
}

void Presence::on_news(Instant now, const cluster::Delivery& delivery, Controller& controller,
                       Outputs& out, Mail& mail) {
    if (delivery.key.starts_with("load.")) {
        const auto beat = cluster::parse_beat(delivery.body);
        if (!beat) ++counts_.unreadable;
        if (!beat) return;
        if (beat->server == options_.server) return on_own_beat(now, *beat, out, mail);
        directory_.on_beat(now, *beat);
        for (const cluster::RoomReport& report : beat->rooms) {
            give_up(now, report.room, beat->server, report.epoch, controller, out);
        }
    } else {
        const auto event = cluster::parse_event(delivery.body);
        if (!event) ++counts_.unreadable;
        if (!event || event->server == options_.server) return;
        directory_.on_event(*event);
        if (event->type == "room.created") {
            give_up(now, event->room, event->server, event->epoch, controller, out);
        }
    }
    for (Waiting& one : std::exchange(waiting_, {})) {
        Call call{now, one.delivery, controller, out, mail};
        const auto command = cluster::parse_command(one.delivery.body);
        if (directory_.find(room_of(*command))) {
            on_command(call, false);
        } else {
            waiting_.push_back(std::move(one));
        }
    }
}

// Two servers made the same room at once: the one with the lower epoch, or the greater name, is not
// its home.
void Presence::give_up(Instant now, std::string_view room, const std::string& server,
                       cluster::Epoch epoch, Controller& controller, Outputs& out) {
    const cluster::Epoch ours = controller.epoch(room);
    if (ours == 0 || ours > epoch || (ours == epoch && options_.server < server)) return;
    let_go(now, std::string(room), controller, out);
    out.push_back(Log{Level::Warning,
                      "room is of server " + server + ", given up here",
                      std::string(room),
                      {},
                      {}});
}

void Presence::on_event(const Event& event, const Controller& controller, Mail& mail) {
    cluster::Event said{.type = event.type, .at = event.at, .server = options_.server};
    said.room = event.room;
    said.number = event.number;
    said.data = event.data.empty() ? "{}" : event.data;
    if (!event.room.empty()) {
        said.epoch = controller.epoch(event.room);
        const auto told = told_.find(event.room);
        if (said.epoch == 0 && told != told_.end()) said.epoch = told->second.epoch;
        said.epoch = std::max<cluster::Epoch>(said.epoch, 1);
    }
    // Opened and closed between two beats: it may have come from somewhere, and waits there.
    const bool unsaid = event.type == "room.closed" && !told_.contains(event.room);
    if (unsaid && closed_.size() < kClosedMost) closed_.insert(event.room);
    ++counts_.events;
    mail.push_back(cluster::Publish{.exchange = std::string(cluster::kEvents),
                                    .key = event.type,
                                    .body = cluster::write(said)});
}

void Presence::tell(Instant now, std::string_view type, Mail& mail) {
    ++counts_.events;
    const cluster::Event said{.type = std::string(type), .at = now, .server = options_.server};
    mail.push_back(cluster::Publish{
        .exchange = std::string(cluster::kEvents), .key = said.type, .body = cluster::write(said)});
}

void Presence::on_deadline(Instant now, Controller& controller, Outputs& out, Mail& mail) {
    while (!asks_.empty() && asks_.begin()->second <= now) {
        mail.push_back(Answered{asks_.begin()->first, std::nullopt});
        asks_.erase(asks_.begin());
    }
    mind_drain(now, controller, out);
    if (now >= rival_until_) rival_ = 0;
    // Who has rooms before it ever spoke found the workers of its last process: it is the one, and
    // in a moment it would be taken for lost.
    const bool may_speak = rival_ == 0 && (now >= speak_at_ || !controller.reports().empty());
    if (up_ && !speaks_ && may_speak) come_forward(now, mail);
    if (!up()) {
        if (now >= next_beat_) next_beat_ = now + (up_ ? kListenStep : kBeatTime);
        return;
    }
    while (!waiting_.empty() && waiting_.front().until <= now) {
        const Waiting one = std::move(waiting_.front());
        waiting_.pop_front();
        Call call{now, one.delivery, controller, out, mail};
        on_command(call, false);
    }
    if (now < next_beat_) return;
    directory_.on_deadline(now);
    // What is not recovered yet would be missing from the beat, and given to others.
    if (!controller.settled()) {
        next_beat_ = now + kUnsettled;
        return;
    }
    mind_load(now, controller, mail);
    beat(now, controller, mail);
    next_beat_ = now + kBeatTime;
}

Instant Presence::next_deadline() const {
    const Instant waits = waiting_.empty() ? Instant::never() : waiting_.front().until;
    const Instant asked = asks_.empty() ? Instant::never() : asks_.begin()->second;
    return std::min({next_beat_, drain_.deadline(), waits, asked});
}

void Presence::drain(Instant now, std::optional<base::Duration> deadline, bool for_good,
                     Mail& mail) {
    if (!drain_.is_on()) tell(now, "server.draining", mail);
    drain_.begin(now, deadline, for_good);
    next_beat_ = now;
}

void Presence::undrain(Instant now, Mail& mail) {
    if (drain_.is_on()) tell(now, "server.up", mail);
    drain_.undo();
    next_beat_ = now;
}

void Presence::mind_drain(Instant now, Controller& controller, Outputs& out) {
    if (!drain_.is_on()) return;
    const auto rooms = controller.reports();
    if (!drain_.on_rooms(now, rooms.size())) return;
    for (const cluster::RoomReport& report : rooms) let_go(now, report.room, controller, out);
}

// The room goes on, elsewhere. Whoever gives rooms a home is told for as long as it may take to
// have one that listens, so that nobody takes the room for closed.
void Presence::let_go(Instant now, const std::string& room, Controller& controller, Outputs& out) {
    if (!controller.release_room(now, room, out)) return;
    released_[room] = now + kReleaseTold;
}

void Presence::mind_load(Instant now, const Controller& controller, Mail& mail) {
    const cluster::Load load = this->load(now, controller);
    const bool was = overloaded_;
    const double most = was ? kLoadAgain * load.capacity : load.capacity - load.per_peer;
    overloaded_ = load.used > most;
    if (overloaded_ && !was) tell(now, "server.overloaded", mail);
    const bool takes = shared() && !overloaded_ && load.capacity > 0 && !drain_.is_on();
    if (takes == takes_rooms_) return;
    takes_rooms_ = takes;
    const std::string queue(cluster::kRooms);
    takes ? mail.push_back(Consume{queue, kPrefetch}) : mail.push_back(Cancel{queue});
}

cluster::Load Presence::load(Instant now, const Controller& controller) const {
    const Capacity capacity = controller.capacity(now);
    cluster::Load load{.capacity = capacity.most,
                       .used = capacity.used,
                       .per_peer = capacity.per_peer,
                       .most_rooms = options_.most_rooms,
                       .overloaded = overloaded_};
    for (const WorkerInfo& worker : controller.workers(now)) {
        const bool runs = worker.state == WorkerState::Running;
        load.workers += runs ? 1 : 0;
        // More digits than anybody looks at would make every beat longer.
        const double used = std::round(worker.load * 1000) / 1000;
        load.each.push_back(runs ? std::optional(used) : std::nullopt);
    }
    for (const auto& [room, report] : told_) load.peers += report.peers;
    return load;
}

void Presence::beat(Instant now, const Controller& controller, Mail& mail) {
    cluster::Beat beat{.server = options_.server,
                       .incarnation = incarnation_,
                       .number = ++beats_,
                       .region = options_.region,
                       .version = options_.version,
                       .signalling = options_.signalling,
                       .link = options_.link,
                       .link_key = link_key_,
                       .state = drain_.state(),
                       .load = {},
                       .whole = now >= next_whole_,
                       .rooms = {},
                       .closed = {},
                       .released = {},
                       .drain_left = {},
                       .leaving = drain_.for_good()};
    if (beat.whole) next_whole_ = now + kWholeTime;
    auto before = std::exchange(told_, {});
    for (cluster::RoomReport& report : controller.reports()) {
        const auto known = before.find(report.room);
        const bool changed = known == before.end() || !(known->second == report);
        if (beat.whole || changed) beat.rooms.push_back(report);
        if (known != before.end()) before.erase(known);
        std::string room = report.room;
        told_.emplace(std::move(room), std::move(report));
    }
    std::erase_if(released_,
                  [&](const auto& one) { return one.second <= now || told_.contains(one.first); });
    for (const auto& [room, until] : released_) beat.released.push_back(room);
    if (!beat.whole) {
        for (const auto& [room, report] : before) closed_.insert(room);
        for (const std::string& room : std::exchange(closed_, {})) {
            const bool goes_on = told_.contains(room) || released_.contains(room);
            if (!goes_on) beat.closed.push_back(room);
        }
    }
    beat.drain_left = drain_.left(now);
    beat.load = load(now, controller);
    ++counts_.beats;
    mail.push_back(cluster::Publish{.exchange = std::string(cluster::kLoad),
                                    .key = cluster::load_key(options_.server),
                                    .body = cluster::write(beat),
                                    .expiration = kBeatLife});
}

void Presence::on_stop(Instant now, const Controller& controller, Mail& mail) {
    drain_.begin(now, {}, true);
    drain_.on_rooms(now, 0);
    if (!up()) return;
    next_whole_ = now;
    beat(now, controller, mail);
    tell(now, "server.down", mail);
}

}  // namespace parley::controller::clustering
