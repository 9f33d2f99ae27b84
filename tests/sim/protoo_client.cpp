#include "tests/sim/protoo_client.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace parley::sim {

namespace {

constexpr base::Duration kFirstRetry = 200ms;
constexpr base::Duration kLongestRetry = 2s;
constexpr uint64_t kTries = 40;

}  // namespace

ProtooClient::ProtooClient(World& world, Switchboard& switchboard, ProtooListener& listener,
                           Options options)
    : world_(world),
      switchboard_(switchboard),
      listener_(listener),
      options_(std::move(options)),
      self_(std::make_shared<ProtooClient*>(this)) {}

ProtooClient::~ProtooClient() {
    *self_ = nullptr;
    vanish();
}

void ProtooClient::open() {
    tries_ = 0;
    connect();
}

void ProtooClient::connect() {
    if (closed_ || connection_) return;
    controller::Admission admission;
    admission.room = options_.room;
    admission.peer = options_.peer;
    admission.remote = "simulated";
    admission.received = received_;
    if (options_.numbered) admission.session = session_;
    greeted_ = false;
    connection_ = switchboard_.open(*this, admission);
}

// A numbered session begins with what the server says of it.
void ProtooClient::on_opened(controller::ConnectionId connection) {
    if (connection != connection_ || options_.numbered) return;
    greeted_ = true;
    listener_.on_open(false, false);
}

void ProtooClient::connect_after(base::Duration wait) {
    world_.after(wait, [self = self_] {
        if (*self) (*self)->connect();
    });
}

void ProtooClient::drop(base::Duration away, base::Duration notice) {
    away_ = away;
    if (connection_) switchboard_.cut(*connection_, notice);
}

void ProtooClient::vanish() {
    closed_ = true;
    if (connection_) switchboard_.forget_client(*std::exchange(connection_, std::nullopt));
}

void ProtooClient::request(std::string_view method, std::string data, Answered answered,
                           Refused refused) {
    const uint64_t id = ++latest_request_;
    JsonWriter out;
    out.object().flag("request", true).number("id", id).text("method", method);
    out.raw("data", data).end_object();
    Asked& asked = asked_[id];
    asked = {out.take(), std::move(answered), std::move(refused)};
    if (greeted_) send(asked.text);
}

void ProtooClient::answer(uint64_t id) {
    if (unanswered_.erase(id) == 0) return;
    JsonWriter out;
    out.object().flag("response", true).number("id", id).flag("ok", true);
    out.raw("data", "{}").end_object();
    send(out.take());
}

void ProtooClient::send(std::string text) {
    if (connection_) switchboard_.client_sends(*connection_, std::move(text));
}

void ProtooClient::on_text(controller::ConnectionId connection, const std::string& text) {
    if (connection != connection_) return;
    const auto document = JsonDocument::parse(text, {.bytes = 1 << 20});
    if (!document) return listener_.on_nonsense("not JSON: " + document.error());
    const Json message = document->root();
    const std::string_view method = message["method"].text().value_or("");
    if (method == "session") return hear_session(message["data"]);
    if (!take_number(message)) return;
    if (message["response"].flag().value_or(false)) return hear_response(message);
    if (message["notification"].flag().value_or(false)) {
        return listener_.on_notification(method, message["data"]);
    }
    const auto id = message["id"].number();
    if (!id) return listener_.on_nonsense("a request without an id: " + text);
    unanswered_.insert(*id);
    listener_.on_request(*id, method, message["data"]);
}

// Every message comes once and in its order, however often the connection drops.
bool ProtooClient::take_number(Json message) {
    const auto number = message["seq"].number();
    if (!options_.numbered) {
        if (number) listener_.on_nonsense("a number for a client that asked for none");
        return true;
    }
    if (number == received_ + 1) {
        received_ = *number;
        return true;
    }
    listener_.on_nonsense("message " + std::to_string(number.value_or(0)) + " after " +
                          std::to_string(received_));
    return false;
}

void ProtooClient::hear_session(Json data) {
    const bool resumed = data["resumed"].flag().value_or(false);
    const bool recovered = data["recovered"].flag().value_or(false);
    if (!options_.numbered) return listener_.on_nonsense("a session nobody asked for");
    if (!session_.empty() && !resumed) return listener_.on_nonsense("a session begun anew");
    session_ = data["id"].text().value_or("");
    greeted_ = true;
    tries_ = 0;
    resumed_ += resumed;
    for (const auto& [id, asked] : asked_) {
        send(asked.text);
        repeated_.insert(id);
    }
    listener_.on_open(resumed, recovered);
}

void ProtooClient::hear_response(Json message) {
    const uint64_t id = message["id"].number().value_or(0);
    const auto asked = asked_.find(id);
    if (asked == asked_.end()) {
        // Asked twice, because the first answer was under way when the connection dropped.
        if (repeated_.contains(id)) return;
        return listener_.on_nonsense("an answer to nothing");
    }
    const Asked what = std::move(asked->second);
    asked_.erase(asked);
    if (message["ok"].flag().value_or(false)) {
        if (what.answered) what.answered(message["data"]);
        return;
    }
    const std::string reason(message["errorReason"].text().value_or(""));
    const uint64_t code = message["errorCode"].number().value_or(0);
    if (what.refused) return what.refused(code, reason);
    listener_.on_nonsense("refused: " + reason + " for " + what.text);
}

void ProtooClient::on_closed(controller::ConnectionId connection, uint16_t code,
                             const std::string& reason) {
    if (connection != connection_) return;
    connection_.reset();
    greeted_ = false;
    const bool dropped = code == Switchboard::kBroken;
    if (!dropped || session_.empty() || ++tries_ > kTries) return end(code, reason);
    unanswered_.clear();  // what was received counts as answered
    const auto doubled = kFirstRetry * (1 << std::min<uint64_t>(tries_ - 1, 4));
    const base::Duration retry = std::min<base::Duration>(doubled, kLongestRetry);
    connect_after(std::max(std::exchange(away_, 0ms), retry));
}

void ProtooClient::end(uint16_t code, const std::string& reason) {
    closed_ = true;
    listener_.on_closed(code, reason);
}

}  // namespace parley::sim
