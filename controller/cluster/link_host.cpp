#include "controller/cluster/link_host.h"

#include <algorithm>

#include "common/base/ensure.h"
#include "controller/cluster/link_key.h"

namespace parley::controller::clustering {

namespace {

constexpr base::Duration kHelloTime = 3s;
constexpr base::Duration kPingTime = 1s;  // of our silence
constexpr base::Duration kSilence = 4s;   // of the other end: it hangs
constexpr size_t kClientsMost = 10'000;   // on one link

constexpr uint16_t kBadFrame = 4400;
constexpr uint16_t kWrongKey = 4401;
constexpr uint16_t kMoved = 4307;
constexpr uint16_t kTooSlow = 4429;
constexpr uint16_t kGoingAway = 1001;

// Between characters: half of one would be refused at the other end.
std::string shortened(std::string_view text) {
    size_t size = std::min(text.size(), kCloseReasonBytes);
    while (size > 0 && size < text.size() && (static_cast<uint8_t>(text[size]) & 0xc0) == 0x80) {
        --size;
    }
    return std::string(text.substr(0, size));
}

}  // namespace

void LinkHost::on_connect(Instant now, ConnectionId link, std::string_view remote) {
    links_.emplace(link,
                   Link{.remote = std::string(remote), .since = now, .said = now, .heard = now});
}

bool LinkHost::is_welcome(ConnectionId link) const {
    const auto found = links_.find(link);
    return found != links_.end() && !found->second.from.empty();
}

void LinkHost::send(Instant now, Links::iterator link, const LinkFrame& frame, Outputs& out) {
    link->second.said = now;
    out.push_back(SendText{link->first, write_link_frame(frame)});
}

void LinkHost::on_message(Instant now, ConnectionId id, std::string_view text,
                          Controller& controller, Outputs& out) {
    const auto link = links_.find(id);
    if (link == links_.end()) return;
    link->second.heard = now;
    const auto frame = parse_link_frame(text);
    if (!frame) return refuse(now, link, kBadFrame, frame.error(), controller, out);
    const auto* hello = std::get_if<LinkHello>(&*frame);
    if ((hello != nullptr) != link->second.from.empty()) {
        return refuse(now, link, kBadFrame, "a frame out of turn", controller, out);
    }
    if (hello) return on_hello(now, link, *hello, controller, out);
    if (const auto* open = std::get_if<LinkOpen>(&*frame)) {
        return on_open(now, link, *open, controller, out);
    }
    if (std::holds_alternative<LinkPing>(*frame)) return;
    const auto* said = std::get_if<LinkText>(&*frame);
    const auto* close = std::get_if<LinkClose>(&*frame);
    const uint64_t number = said ? said->connection : close ? close->connection : 0;
    if (number == 0 || number > link->second.last_number) {
        return refuse(now, link, kBadFrame, "a frame for a client that there never was", controller,
                      out);
    }
    const auto client = link->second.clients.find(number);
    if (client == link->second.clients.end()) return;  // we closed it meanwhile
    const ConnectionId connection = client->second;
    if (said) return controller.on_message(now, connection, said->text, out);
    link->second.clients.erase(client);
    clients_.erase(connection);
    controller.on_disconnect(now, connection, out);
}

void LinkHost::on_hello(Instant now, Links::iterator link, const LinkHello& hello,
                        Controller& controller, Outputs& out) {
    if (hello.to != server_ || !is_same_key(hello.key, key_)) {
        return refuse(now, link, kWrongKey, "a wrong key, as server " + hello.from, controller,
                      out);
    }
    link->second.from = hello.from;
    ++counts_.links;
    send(now, link, LinkWelcome{std::min(hello.version, kLinkVersion)}, out);
}

void LinkHost::on_open(Instant now, Links::iterator found, const LinkOpen& open,
                       Controller& controller, Outputs& out) {
    Link& link = found->second;
    if (open.connection <= link.last_number) {
        return refuse(now, found, kBadFrame, "a number used twice", controller, out);
    }
    link.last_number = open.connection;
    if (link.clients.size() >= kClientsMost) {
        return send(now, found, LinkClose{open.connection, kTooSlow, "capacity"}, out);
    }
    // It was here when the other server heard of it last. Whoever asks anew is sent on.
    if (controller.settled() && controller.epoch(open.admission.room) == 0) {
        return send(now, found, LinkClose{open.connection, kMoved, "moved"}, out);
    }
    const ConnectionId client = kForwarded | ++last_client_;
    link.clients.emplace(open.connection, client);
    clients_.emplace(client, Client{found->first, open.connection});
    ++counts_.opened;
    Admission admission = open.admission;
    admission.remote += " by server " + link.from;
    controller.on_connect(now, client, admission, out);
}

void LinkHost::say(Instant now, const SendText& said, Controller& controller, Outputs& out) {
    const auto client = clients_.find(said.connection);
    if (client == clients_.end()) return;
    if (said.text.size() > kTextBytes) {
        say(now, CloseConnection{said.connection, kTooSlow, "too-slow"}, out);
        return controller.on_disconnect(now, said.connection, out);
    }
    send(now, links_.find(client->second.link), LinkText{client->second.number, said.text}, out);
}

void LinkHost::say(Instant now, const CloseConnection& said, Outputs& out) {
    const auto client = clients_.find(said.connection);
    if (client == clients_.end()) return;
    const auto link = links_.find(client->second.link);
    const uint64_t number = client->second.number;
    clients_.erase(client);
    link->second.clients.erase(number);
    send(now, link, LinkClose{number, said.code, shortened(said.reason)}, out);
}

void LinkHost::refuse(Instant now, Links::iterator link, uint16_t code, const std::string& why,
                      Controller& controller, Outputs& out) {
    ++counts_.refused;
    const std::string who = link->second.from.empty() ? "" : " of server " + link->second.from;
    out.push_back(
        Log{Level::Warning, "link" + who + " from " + link->second.remote + " refused: " + why});
    out.push_back(CloseConnection{link->first, code, shortened(why)});
    forget(now, link, controller, out);
}

void LinkHost::on_disconnect(Instant now, ConnectionId id, Controller& controller, Outputs& out) {
    const auto link = links_.find(id);
    if (link != links_.end()) forget(now, link, controller, out);
}

// Its clients have lost their connection; those with a session have their grace time.
void LinkHost::forget(Instant now, Links::iterator found, Controller& controller, Outputs& out) {
    const Link link = std::move(found->second);
    links_.erase(found);
    for (const auto& [number, client] : link.clients) {
        clients_.erase(client);
        controller.on_disconnect(now, client, out);
    }
}

Instant LinkHost::deadline_of(const Link& link) const {
    if (link.from.empty()) return link.since + kHelloTime;
    return std::min(link.said + kPingTime, link.heard + kSilence);
}

void LinkHost::on_deadline(Instant now, Controller& controller, Outputs& out) {
    for (auto it = links_.begin(); it != links_.end();) {
        const auto link = it++;
        if (deadline_of(link->second) > now) continue;
        if (link->second.from.empty()) {
            refuse(now, link, kWrongKey, "no hello in time", controller, out);
        } else if (now >= link->second.heard + kSilence) {
            out.push_back(CloseConnection{link->first, kGoingAway, "silent"});
            forget(now, link, controller, out);
        } else {
            send(now, link, LinkPing{}, out);
        }
    }
}

Instant LinkHost::next_deadline() const {
    Instant next = Instant::never();
    for (const auto& [id, link] : links_) next = std::min(next, deadline_of(link));
    return next;
}

void LinkHost::ensure_invariants() const {
    size_t clients = 0;
    for (const auto& [id, link] : links_) {
        clients += link.clients.size();
        ENSURE(!link.from.empty() || link.clients.empty());
        for (const auto& [number, client] : link.clients) {
            ENSURE(number <= link.last_number);
            ENSURE(clients_.at(client).link == id && clients_.at(client).number == number);
        }
    }
    ENSURE(clients == clients_.size());
}

}  // namespace parley::controller::clustering
