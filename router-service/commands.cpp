#include <algorithm>
#include <utility>

#include "common/cluster/codec.h"
#include "router-service/core.h"
#include "router-service/views.h"

// What becomes of a command.
namespace parley::router_service {

namespace {

constexpr uint16_t kNotFound = 404;
constexpr uint16_t kUnavailable = 503;
constexpr uint16_t kTimeout = 504;
constexpr Duration kBeatTime = 1s;

// The room that the command is about, "" when it is about none.
std::string_view room_of(const cluster::Command& command) {
    return std::visit(
        [](const auto& said) -> std::string_view {
            if constexpr (requires { said.room; }) return said.room;
            return "";
        },
        command);
}

// Of 22 letters, digits and - _: 128 bits and a little.
std::string new_room_id(base::Random& random) {
    std::string id = random.text(22);
    std::ranges::replace(id, '+', '-');
    std::ranges::replace(id, '/', '_');
    return id;
}

cluster::Answer answer_of(std::string data) {
    return {std::nullopt, std::move(data)};
}

}  // namespace

void RouterService::dispatch(Instant now, Call call, Outputs& out) {
    if (auto* create_call = std::get_if<cluster::RoomCreate>(&call.command)) {
        if (create_call->room.empty()) create_call->room = new_room_id(random_);
        return create(now, std::move(call), out);
    }
    if (const std::string room(room_of(call.command)); !room.empty()) {
        return dispatch_room(now, std::move(call), room, out);
    }
    if (!whole_) return wait(std::move(call), out);
    if (const auto* list = std::get_if<cluster::RoomList>(&call.command)) {
        return answer(call, answer_of(room_list(picture_, *list)), out);
    }
    if (std::holds_alternative<cluster::ServerList>(call.command)) {
        return answer(call, answer_of(server_list(picture_)), out);
    }
    const auto* drain = std::get_if<cluster::ServerDrain>(&call.command);
    const auto* undrain = std::get_if<cluster::ServerUndrain>(&call.command);
    if (!drain && !undrain) return refuse(call, 400, "not for a router-service", out);
    const auto server = picture_.servers().find(drain ? drain->server : undrain->server);
    if (!server) return refuse(call, kNotFound, "no such server", out);
    pass_on(now, std::move(call), *server, out);
}

void RouterService::dispatch_room(Instant now, Call call, std::string_view id, Outputs& out) {
    const auto room = picture_.rooms().find(id);
    const bool asks_why = std::holds_alternative<cluster::RoomWhy>(call.command);
    if (room && asks_why && picture_.is_homeless(id)) return explain(call, *room, "null", out);
    if (room && whole_ && picture_.is_homeless(id)) move(now, id, out);
    if (const auto opening = openings_.find(id); opening != openings_.end()) {
        opening->second.waiting.push_back(std::move(call));
        return;
    }
    if (room && !picture_.is_homeless(id)) {
        return pass_on(now, std::move(call), picture_.rooms()[*room].home, out);
    }
    if (!whole_) return wait(std::move(call), out);
    if (room) return refuse(call, kUnavailable, "capacity: the room has no home now", out);
    refuse(call, kNotFound, "no such room", out);
}

// A room that exists is opened where it is: its home answers with it, as it did the first time.
void RouterService::create(Instant now, Call call, Outputs& out) {
    const auto& command = std::get<cluster::RoomCreate>(call.command);
    const std::string room = command.room;
    const bool is_new = !picture_.rooms().find(room) && !openings_.contains(room);
    if (!is_new) return dispatch_room(now, std::move(call), room, out);
    if (!whole_) return wait(std::move(call), out);
    Opening opening{.room = room, .options = command.options};
    opening.waiting.push_back(std::move(call));
    open(now, std::move(opening), out);
}

void RouterService::pass_on(Instant now, Call call, ServerIndex server, Outputs& out) {
    const std::string id = picture_.servers()[server].id;
    cluster::Command command = call.command;
    if (const auto* create_call = std::get_if<cluster::RoomCreate>(&command)) {
        const Room& room = picture_.rooms()[*picture_.rooms().find(create_call->room)];
        command = cluster::RoomOpen{room.id, room.epoch, picture_.rooms().options(room)};
    }
    const std::string traceparent = call.traceparent;
    Question question{.server = id, .opening = {}, .call = std::move(call)};
    const uint64_t number = questions_.ask(now + options_.answer_time, std::move(question));
    ask_server(id, command, number, options_.answer_time, traceparent, out);
}

// Why it has this home we know; why these workers the home does, if it answers.
void RouterService::explain(const Call& call, RoomIndex room, std::string_view said_by_home,
                            Outputs& out) {
    answer(call, answer_of(room_why(picture_, decisions_, room, said_by_home)), out);
}

// What a home does not know it may have lost in a crash that we have not heard of: its next whole
// beat tells, and until then nobody is told that there is no such room.
void RouterService::on_passed_on(Instant now, Question question,
                                 const std::optional<cluster::Refusal>& refusal,
                                 const std::string& body, Outputs& out) {
    const auto server = picture_.servers().find(question.server);
    const std::string room(room_of(question.call->command));
    const auto known = picture_.rooms().find(room);
    if (known && std::holds_alternative<cluster::RoomWhy>(question.call->command)) {
        const auto said = cluster::parse_answer(body);
        return explain(*question.call, *known, said && !refusal ? said->data : "null", out);
    }
    const bool at_home = server && known && picture_.rooms()[*known].home == *server;
    const bool not_found = refusal && refusal->code == kNotFound;
    const bool closes = std::holds_alternative<cluster::RoomClose>(question.call->command);
    if (at_home && closes && !refusal) picture_.on_closed(*server, room);
    const bool gets = std::holds_alternative<cluster::RoomGet>(question.call->command);
    const bool early = now - question.call->since < options_.call_time;
    if (at_home && (gets || closes) && not_found && early) {
        tell_server(question.server, cluster::BeatWanted{}, out);
        questions_.ask(now + kBeatTime, std::move(question));
        return;
    }
    answer(*question.call, refusal.has_value(), body, out);
}

// Its home may be lost and not known to be: the next try may find another.
void RouterService::on_unanswered(Instant now, Question question, Outputs& out) {
    if (!question.opening.empty()) {
        return on_opened(now, question, {cluster::Refusal{kTimeout, "no answer"}, {}}, {}, out);
    }
    Call call = std::move(*question.call);
    if (std::holds_alternative<cluster::RoomWhy>(call.command)) {
        const auto room = picture_.rooms().find(room_of(call.command));
        if (room) return explain(call, *room, "null", out);
    }
    if (now - call.since < options_.call_time) return dispatch(now, std::move(call), out);
    refuse(call, kTimeout, "server " + question.server + " does not answer", out);
}

void RouterService::wait(Call call, Outputs& out) {
    if (waiting_.size() >= options_.waiting_most) {
        return refuse(call, kUnavailable, "starting: too many commands wait", out);
    }
    waiting_.push_back(std::move(call));
}

// The command is done when its answer is safe; until then the broker keeps it for another.
void RouterService::answer(const Call& call, bool refused, std::string body, Outputs& out) {
    ++(refused ? counts_.refusals : counts_.answers_ok);
    if (call.reply_to.empty()) {
        out.push_back(cluster::Acknowledge{call.tag});
        return;
    }
    answered_.emplace(++last_publish_, call.tag);
    out.push_back(cluster::Publish{.id = last_publish_,
                                   .exchange = {},
                                   .key = call.reply_to,
                                   .body = std::move(body),
                                   .correlation_id = call.correlation_id});
}

void RouterService::answer(const Call& call, const cluster::Answer& said, Outputs& out) {
    answer(call, said.refusal.has_value(), cluster::write(said), out);
}

void RouterService::refuse(const Call& call, uint16_t code, std::string_view reason, Outputs& out) {
    answer(call, {cluster::Refusal{code, std::string(reason)}, "null"}, out);
}

}  // namespace parley::router_service
