#include "router-service/core.h"

#include <charconv>
#include <utility>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"
#include "common/cluster/trace.h"

namespace parley::router_service {

namespace {

constexpr Duration kProbeInterval = 500ms;
// Without a command for so long, though we asked for one, another is the active one.
constexpr Duration kActiveFor = 3s;
// If not one server was heard for `stale`, it is more likely the broker or us. Until then.
constexpr Duration kDeafMost = 10s;

const cluster::Refusal kUnreadable{502, "the server's answer is not readable"};

std::optional<uint64_t> number_of(std::string_view text) {
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::string of_region(const std::string& region) {
    return region.empty() ? "" : " in region '" + region + "'";
}

}  // namespace

RouterService::RouterService(Options options, base::Random& random)
    : options_(std::move(options)),
      random_(random),
      picture_(random.u64(), options_.patience, options_.placement.policy == Policy::Pack),
      decisions_(options_.decisions_most) {}

void RouterService::on_connected(Instant now, Outputs& out) {
    connected_ = true;
    tick_at_ = now;
    heard_at_ = now;
    probed_at_ = now - kProbeInterval;
    picture_.on_reconnected(now);
    settle_until(now + options_.settle);
    out.push_back(Log{Level::Info, "connected to the broker"});
}

void RouterService::on_disconnected(Instant, Outputs& out) {
    if (!connected_) return;
    connected_ = active_ = whole_ = false;
    settled_at_ = tick_at_ = Instant::never();
    // Whatever was not acknowledged is delivered again, to whoever is active then.
    answered_.clear();
    waiting_.clear();
    questions_.clear();
    openings_.clear();
    moving_ = 0;
    out.push_back(Log{Level::Warning, "the broker is gone; calls go on without it"});
}

void RouterService::on_delivery(Instant now, const cluster::Delivery& delivery, Outputs& out) {
    if (delivery.queue == cluster::kRooms) return on_command(now, delivery, out);
    if (delivery.key.starts_with(cluster::load_key(""))) {
        on_beat(now, delivery, out);
    } else {
        on_answer(now, delivery, out);
    }
    if (delivery.tag != 0) out.push_back(cluster::Acknowledge{delivery.tag});
}

void RouterService::on_confirmed(Instant, uint64_t id, Outputs& out) {
    const auto found = answered_.find(id);
    if (found == answered_.end()) return;
    out.push_back(cluster::Acknowledge{found->second});
    answered_.erase(found);
}

void RouterService::on_command(Instant now, const cluster::Delivery& delivery, Outputs& out) {
    commanded_at_ = now;
    if (!active_) become_active(now, out);
    Call call{.tag = delivery.tag,
              .reply_to = delivery.reply_to,
              .correlation_id = delivery.correlation_id,
              .traceparent = cluster::go_on_with_trace(delivery.traceparent, random_),
              .since = now};
    auto command = cluster::parse_command(delivery.body, cluster::Origin::App, options_.room);
    if (!command) {
        ++counts_.unreadable;
        if (!call.reply_to.empty()) {
            const cluster::Answer no{cluster::Refusal{400, command.error()}, "null"};
            out.push_back(cluster::Publish{.exchange = {},
                                           .key = call.reply_to,
                                           .body = cluster::write(no),
                                           .correlation_id = call.correlation_id});
        }
        out.push_back(cluster::Reject{call.tag, command.error()});
        return;
    }
    const bool is_probe =
        call.reply_to.empty() && std::holds_alternative<cluster::ServerList>(*command);
    if (is_probe) {
        out.push_back(cluster::Acknowledge{call.tag});
        return;
    }
    ++counts_.commands;
    call.command = std::move(*command);
    dispatch(now, std::move(call), out);
}

void RouterService::on_answer(Instant now, const cluster::Delivery& delivery, Outputs& out) {
    const auto number = number_of(delivery.correlation_id);
    if (!number) return;
    std::optional<Question> question = questions_.take(*number);
    if (!question) return;
    if (!question->opening.empty()) {
        const auto answer = cluster::parse_room_answer(delivery.body);
        if (!answer) on_unreadable(*question, answer.error(), out);
        return answer ? on_opened(now, *question, *answer, delivery.body, out)
                      : on_opened(now, *question, {kUnreadable, {}}, {}, out);
    }
    const auto outcome = cluster::parse_outcome(delivery.body);
    if (outcome) return on_passed_on(now, std::move(*question), *outcome, delivery.body, out);
    on_unreadable(*question, outcome.error(), out);
    on_passed_on(now, std::move(*question), kUnreadable,
                 cluster::write(cluster::Answer{kUnreadable}), out);
}

void RouterService::on_unreadable(const Question& question, const std::string& why, Outputs& out) {
    ++counts_.unreadable;
    out.push_back(Log{Level::Warning, "unreadable answer: " + why, "", question.server});
}

void RouterService::on_beat(Instant now, const cluster::Delivery& delivery, Outputs& out) {
    const auto beat = cluster::parse_beat(delivery.body);
    const bool right = beat.ok() && delivery.key == cluster::load_key(beat->server);
    if (!right) {
        ++counts_.unreadable;
        const std::string why = beat.ok() ? "it says that it is " + beat->server : beat.error();
        out.push_back(Log{Level::Warning, "a beat under " + delivery.key + " is refused: " + why});
        return;
    }
    ++counts_.beats;
    on_awake(now, out);
    on_news(now, picture_.on_beat(now, *beat), out);
}

// Nobody was heard for a while, and now somebody is: the others will be too.
void RouterService::on_awake(Instant now, Outputs& out) {
    const bool slept = now - heard_at_ >= options_.patience.stale;
    heard_at_ = now;
    if (!slept) return;
    picture_.on_deaf(now);
    settle_until(now + options_.settle);
    out.push_back(Log{Level::Warning, "no server was heard for a while"});
}

void RouterService::on_news(Instant now, const Picture::News& news, Outputs& out) {
    const Server& server = picture_.servers()[news.server];
    if (news.two_claim) {
        out.push_back(Log{Level::Warning, "two processes beat under one id: the later one counts",
                          "", server.id});
    }
    if (news.ask_for_whole) tell_server(server.id, cluster::BeatWanted{}, out);
    if (news.appeared) {
        out.push_back(Log{Level::Info, "server heard" + of_region(server.region), "", server.id});
    }
    if (!active_) return;
    if (news.returned) tell_app({.type = "server.up", .at = now, .server = server.id}, out);
    for (const Dispute& dispute : news.disputed) {
        release(news.server, dispute.room, dispute.epoch, out);
    }
}

void RouterService::become_active(Instant now, Outputs& out) {
    active_ = true;
    whole_ = false;
    released_at_ = now;
    settled_at_ = std::max(settled_at_, now + options_.takeover_settle);
    picture_.queue_all_homeless();
    out.push_back(Log{Level::Info, "active: the broker delivers commands here"});
}

void RouterService::settle_until(Instant at) {
    whole_ = false;
    settled_at_ = at;
}

void RouterService::on_deadline(Instant now, Outputs& out) {
    while (std::optional<Question> question = questions_.take_due(now)) {
        on_unanswered(now, std::move(*question), out);
    }
    if (now < tick_at_) return;
    // We stood still ourselves: what looks like silence is not the servers'.
    if (now - tick_at_ >= options_.patience.stale) {
        picture_.on_deaf(now);
        heard_at_ = now;
        settle_until(now + options_.settle);
    }
    tick_at_ = now + options_.tick;
    look_around(now, out);
    probe(now, out);
    if (!whole_) return;
    if (active_) move_homeless(now, out);
    if (active_) move_drained(now, out);
    settle_disputes(now, out);
}

Instant RouterService::next_deadline() const {
    return std::min(tick_at_, questions_.next_deadline());
}

void RouterService::look_around(Instant now, Outputs& out) {
    const Duration silence = now - heard_at_;
    const bool deaf = silence >= options_.patience.stale && silence < kDeafMost;
    if (!deaf) {
        for (const ServerIndex lost : picture_.on_deadline(now)) {
            const std::string& id = picture_.servers()[lost].id;
            ++counts_.servers_lost;
            out.push_back(Log{Level::Warning,
                              "server lost, and its rooms without a home: " +
                                  std::to_string(picture_.rooms().rooms_of(lost).size()),
                              "", id});
            if (active_) tell_app({.type = "server.lost", .at = now, .server = id}, out);
        }
    }
    if (whole_ || now < settled_at_) return;
    if (!picture_.servers().all_whole() && now < settled_at_ + options_.settle_most) return;
    whole_ = true;
    std::deque<Call> waiting = std::exchange(waiting_, {});
    for (Call& call : waiting) dispatch(now, std::move(call), out);
}

// Whoever is active learns it by what it is delivered; so that it is delivered something, each
// replica sends a command now and then that asks for nothing.
void RouterService::probe(Instant now, Outputs& out) {
    if (active_ && now - commanded_at_ >= kActiveFor) {
        active_ = false;
        out.push_back(Log{Level::Info, "not active: the broker delivers commands elsewhere"});
    }
    if (now - probed_at_ < kProbeInterval) return;
    if (active_ && now - commanded_at_ < kProbeInterval) return;
    probed_at_ = now;
    out.push_back(cluster::Publish{.exchange = std::string(cluster::kCommands),
                                   .key = std::string(cluster::kRoomsKey),
                                   .body = cluster::write(cluster::ServerList{}),
                                   .expiration = 2s});
}

void RouterService::tell_server(std::string_view server, const cluster::Command& command,
                                Outputs& out, std::optional<Duration> expiration) {
    out.push_back(cluster::Publish{.exchange = std::string(cluster::kCommands),
                                   .key = cluster::server_key(server),
                                   .body = cluster::write(command),
                                   .expiration = expiration});
}

void RouterService::ask_server(std::string_view server, const cluster::Command& command,
                               uint64_t question, Duration expiration, std::string_view traceparent,
                               Outputs& out) {
    out.push_back(cluster::Publish{.exchange = std::string(cluster::kCommands),
                                   .key = cluster::server_key(server),
                                   .body = cluster::write(command),
                                   .reply_to = std::string(cluster::kReplyTo),
                                   .correlation_id = std::to_string(question),
                                   .traceparent = std::string(traceparent),
                                   .expiration = expiration});
}

void RouterService::tell_app(const cluster::Event& event, Outputs& out) {
    out.push_back(cluster::Publish{.exchange = std::string(cluster::kEvents),
                                   .key = event.type,
                                   .body = cluster::write(event)});
}

void RouterService::ensure_invariants() const {
    picture_.ensure_invariants();
    size_t moving = 0;
    for (const auto& [room, opening] : openings_) {
        ENSURE(opening.room == room);
        moving += opening.moves ? 1 : 0;
    }
    ENSURE(moving == moving_);
    ENSURE(connected_ || (!active_ && !whole_ && openings_.empty() && waiting_.empty()));
}

}  // namespace parley::router_service
