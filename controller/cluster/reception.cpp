#include "controller/cluster/reception.h"

#include <algorithm>

#include "common/base/ensure.h"
#include "common/cluster/codec.h"
#include "common/cluster/names.h"

namespace parley::controller::clustering {

namespace {

constexpr base::Duration kFindTime = 5s;     // for a room to be found
constexpr base::Duration kNewsTime = 500ms;  // for an event of another server to come
constexpr size_t kGuestsMost = 10'000;
constexpr size_t kMessagesMost = 64;  // of one that waits
constexpr size_t kBytesMost = 256 * 1024;

constexpr uint16_t kBadRequest = 4400;
constexpr uint16_t kForbidden = 4403;
constexpr uint16_t kNotFound = 4404;
constexpr uint16_t kTooMany = 4429;
constexpr uint16_t kHomeLost = 4502;
constexpr uint16_t kUnavailable = 4503;

bool resumes(const Admission& admission) {
    return admission.session && !admission.session->empty();
}

// docs/signalling.md, Connecting.
std::pair<uint16_t, std::string> farewell(const cluster::Refusal& why, const Admission& admission) {
    switch (why.code) {
        case 400: return {kBadRequest, "bad-request: " + why.reason};
        case 403: return {kForbidden, "forbidden: " + why.reason};
        case 404: return {kNotFound, resumes(admission) ? "no-such-session" : "no-such-room"};
        case 429:
        case 503: return {kTooMany, "capacity: " + why.reason};
        default: return {kUnavailable, "unavailable: " + why.reason};
    }
}

}  // namespace

// Who resumes a session wants a room that is there: in a new one there is no such session.
Reception::Wanted Reception::wanted(const Admission& admission) const {
    return {admission.room, options_.create_on_join && !resumes(admission)};
}

void Reception::on_connect(Around& around, ConnectionId client, const Admission& admission) {
    const auto guest = guests_.emplace(client, Guest{admission, around.now, around.now}).first;
    if (guests_.size() > kGuestsMost) {
        refuse(around, guest, kTooMany, "capacity");
        return;
    }
    attend(around, guest);
}

// Goes on as far as is known by now. True when the client waits no longer.
bool Reception::attend(Around& around, Guests::iterator found) {
    if (settle(around, found)) return true;
    Guest& guest = found->second;
    guest.wake = guest.since + kFindTime;
    const bool has_home = home_of(around, guest) != nullptr;
    if (around.now >= guest.wake) {
        if (has_home) return refuse(around, found, kHomeLost, "home-lost");
        return refuse(around, found, kUnavailable, "unavailable: where the room is, nobody says");
    }
    if (!around.controller.settled()) return false;
    if (has_home) {  // and is not reached: it comes back, or the room is given another
        guest.wake = std::min(guest.wake, around.now + kRedialTime);
        return false;
    }
    const Wanted wanted = this->wanted(guest.admission);
    if (questions_.contains(wanted)) return false;
    const bool news_first = options_.shared_queue && wanted.second && around.presence.up();
    if (news_first && around.now < guest.since + kNewsTime) {
        guest.wake = guest.since + kNewsTime;
        return false;
    }
    const ConnectionId client = found->first;
    ask(around, wanted);
    return !guests_.contains(client);
}

bool Reception::settle(Around& around, Guests::iterator guest) {
    if (!around.controller.settled()) return false;
    if (around.controller.epoch(guest->second.admission.room) != 0) return admit(around, guest);
    const LinkAddress* home = home_of(around, guest->second);
    if (!home || !forwarder_.reach(around.now, *home, around.links, around.out)) return false;
    return forward(around, guest, *home);
}

// Where the guest's room is, as far as is known; nullptr also when that takes no links.
const LinkAddress* Reception::home_of(const Around& around, const Guest& guest) const {
    const Directory& directory = around.presence.directory();
    if (const Elsewhere* place = directory.find(guest.admission.room)) {
        return directory.link(place->server);
    }
    const auto question = questions_.find(wanted(guest.admission));
    if (question == questions_.end() || question->second.home.empty()) return nullptr;
    return directory.link(question->second.home);
}

bool Reception::admit(Around& around, Guests::iterator found) {
    const ConnectionId client = found->first;
    const Guest guest = std::move(found->second);
    guests_.erase(found);
    around.controller.on_connect(around.now, client, guest.admission, around.out);
    for (const std::string& text : guest.messages) {
        around.controller.on_message(around.now, client, text, around.out);
    }
    return true;
}

bool Reception::forward(Around& around, Guests::iterator found, const LinkAddress& home) {
    const ConnectionId client = found->first;
    const Guest guest = std::move(found->second);
    guests_.erase(found);
    forwarder_.open(around.now, client, guest.admission, home, around.links, around.out);
    for (const std::string& text : guest.messages) {
        forwarder_.on_message(around.now, client, text, around.links, around.out);
    }
    return true;
}

void Reception::ask(Around& around, const Wanted& wanted) {
    cluster::Command command = cluster::RoomGet{wanted.first};
    if (wanted.second) command = cluster::RoomCreate{wanted.first, options_.room};
    const AskId id =
        around.presence.ask(around.now, std::string(cluster::kRoomsKey), command, around.mail);
    if (id == 0) {
        // Not 503, which is the answer of somebody who knows that there is no place.
        return refuse_all(around, wanted, {504, "the broker is away, and the room is not here"});
    }
    questions_.emplace(wanted, Question{id});
    asks_.emplace(id, wanted);
}

bool Reception::refuse(Around& around, Guests::iterator guest, uint16_t code, std::string reason) {
    const Admission& admission = guest->second.admission;
    around.out.push_back(Log{Level::Info, "refused: " + reason + ", from " + admission.remote,
                             admission.room, admission.peer});
    around.out.push_back(CloseConnection{guest->first, code, std::move(reason)});
    guests_.erase(guest);
    return true;
}

void Reception::refuse_all(Around& around, const Wanted& room, const cluster::Refusal& why) {
    for (auto it = guests_.begin(); it != guests_.end();) {
        const auto guest = it++;
        if (wanted(guest->second.admission) != room) continue;
        auto [code, reason] = farewell(why, guest->second.admission);
        refuse(around, guest, code, std::move(reason));
    }
}

void Reception::on_answer(Around& around, const Answered& answered) {
    const auto asked = asks_.find(answered.ask);
    if (asked == asks_.end()) return;
    const Wanted wanted = asked->second;
    asks_.erase(asked);
    const auto question = questions_.find(wanted);
    std::string home;
    cluster::Refusal why{504, "nobody answered where the room is"};
    if (answered.answer && answered.answer->refusal) {
        why = *answered.answer->refusal;
    } else if (answered.answer) {
        const auto document =
            JsonDocument::parse(answered.answer->data, {.bytes = cluster::kAnswerBytes});
        const auto place = cluster::read_room_place(document ? document->root() : Json());
        if (place) home = place->home;
        why.reason = place ? "the room was closed again" : "the answer is no room";
    }
    question->second.home = home;
    attend_all(around);
    if (!home.empty() && home != options_.server) return;  // some may wait for its beat
    questions_.erase(wanted);
    refuse_all(around, wanted, why);
}

void Reception::on_news(Around& around) {
    if (!guests_.empty()) attend_all(around);
}

void Reception::attend_all(Around& around) {
    std::vector<ConnectionId> clients;
    for (const auto& [client, guest] : guests_) clients.push_back(client);
    for (const ConnectionId client : clients) {
        const auto guest = guests_.find(client);
        if (guest != guests_.end()) attend(around, guest);
    }
    // An answer is of use to those who waited for it, no longer.
    std::erase_if(questions_, [&](const auto& entry) {
        if (entry.second.home.empty()) return false;
        return std::none_of(guests_.begin(), guests_.end(), [&](const auto& guest) {
            return wanted(guest.second.admission) == entry.first;
        });
    });
}

void Reception::on_message(Around& around, ConnectionId client, std::string_view text) {
    if (forwarder_.has(client)) {
        return forwarder_.on_message(around.now, client, text, around.links, around.out);
    }
    const auto found = guests_.find(client);
    if (found == guests_.end()) {
        return around.controller.on_message(around.now, client, text, around.out);
    }
    Guest& guest = found->second;
    guest.bytes += text.size();
    if (guest.messages.size() >= kMessagesMost || guest.bytes > kBytesMost) {
        refuse(around, found, kTooMany, "too-many-messages");
        return;
    }
    guest.messages.emplace_back(text);
}

void Reception::on_link_frame(Around& around, LinkId link, std::string_view text) {
    const uint64_t links = forwarder_.counts().links;
    forwarder_.on_link_frame(around.now, link, text, around.links, around.out);
    if (forwarder_.counts().links != links) on_news(around);  // it has come to be
}

void Reception::on_disconnect(Around& around, ConnectionId client) {
    if (guests_.erase(client) > 0) return;
    if (forwarder_.has(client)) return forwarder_.on_disconnect(around.now, client, around.links);
    around.controller.on_disconnect(around.now, client, around.out);
}

void Reception::on_deadline(Around& around) {
    forwarder_.on_deadline(around.now, around.links, around.out);
    on_news(around);
}

Instant Reception::next_deadline() const {
    Instant next = forwarder_.next_deadline();
    for (const auto& [client, guest] : guests_) next = std::min(next, guest.wake);
    return next;
}

void Reception::ensure_invariants() const {
    forwarder_.ensure_invariants();
    for (const auto& [ask, wanted] : asks_) ENSURE(questions_.at(wanted).ask == ask);
    for (const auto& [client, guest] : guests_) ENSURE(!forwarder_.has(client));
}

}  // namespace parley::controller::clustering
