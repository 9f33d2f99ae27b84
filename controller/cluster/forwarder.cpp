#include "controller/cluster/forwarder.h"

#include <algorithm>

#include "common/base/ensure.h"

namespace parley::controller::clustering {

namespace {

constexpr base::Duration kDialTime = 3s;   // to connect, and again to be welcomed
constexpr base::Duration kPingTime = 1s;   // of our silence
constexpr base::Duration kSilence = 4s;    // of the other end: it hangs
constexpr base::Duration kIdleTime = 60s;  // without a client
constexpr size_t kWaitingBytes = 4 * 1024 * 1024;
// What one client may say: what a server lets through itself is far less.
constexpr double kBudgetBytes = 1024 * 1024;
constexpr double kBudgetBytesPerSecond = 256 * 1024;

constexpr uint16_t kNoSuchSession = 4404;
constexpr uint16_t kTooMany = 4429;
constexpr uint16_t kHomeLost = 4502;

}  // namespace

void Forwarder::open(Instant now, ConnectionId client, const Admission& admission,
                     const LinkAddress& home, LinkOutputs& links, Outputs& out) {
    if (admission.session && admission.session->size() > kSessionBytes / 4) {
        out.push_back(CloseConnection{client, kNoSuchSession, "no-such-session"});
        return;
    }
    const LinkId id = link_to(now, home, links, out);
    Link& link = links_.at(id);
    const uint64_t number = ++link.last_number;
    link.clients.emplace(number, client);
    clients_.emplace(client, Client{id, number, kBudgetBytes, now});
    ++counts_.opened;
    say(now, id, LinkOpen{number, admission}, links);
}

bool Forwarder::reach(Instant now, const LinkAddress& home, LinkOutputs& links, Outputs& out) {
    std::erase_if(dialed_, [&](const auto& entry) { return now - entry.second >= kRedialTime; });
    if (dialed_.contains(home.server)) return false;
    return links_.at(link_to(now, home, links, out)).state == State::Up;
}

LinkId Forwarder::link_to(Instant now, const LinkAddress& home, LinkOutputs& links, Outputs& out) {
    for (auto it = links_.begin(); it != links_.end(); ++it) {
        if (it->second.to.server != home.server) continue;
        if (it->second.to == home) return it->first;
        hang_up(it, "the server was started anew", links, out);  // and knows that key no more
        break;
    }
    const LinkId id = ++last_link_;
    links_.emplace(id, Link{.to = home, .since = now, .said = now, .heard = now});
    links.push_back(Dial{id, home.address});
    return id;
}

void Forwarder::say(Instant now, LinkId id, const LinkFrame& frame, LinkOutputs& links) {
    Link& link = links_.at(id);
    std::string text = write_link_frame(frame);
    if (link.state != State::Up) {
        link.waiting_bytes += text.size();
        link.waiting.push_back(std::move(text));
        return;
    }
    link.said = now;
    links.push_back(SendLink{id, std::move(text)});
}

bool Forwarder::spend(Instant now, Client& client, size_t bytes) const {
    const double passed = static_cast<double>((now - client.filled) / 1us) / 1e6;
    client.budget = std::min(kBudgetBytes, client.budget + passed * kBudgetBytesPerSecond);
    client.filled = now;
    client.budget -= static_cast<double>(bytes);
    return client.budget >= 0;
}

void Forwarder::on_message(Instant now, ConnectionId id, std::string_view text, LinkOutputs& links,
                           Outputs& out) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    Client& client = found->second;
    const LinkId link = client.link;
    const bool full = links_.at(link).waiting_bytes + text.size() > kWaitingBytes;
    if (!full && spend(now, client, text.size())) {
        return say(now, link, LinkText{client.number, std::string(text)}, links);
    }
    ++counts_.over_budget;
    const uint64_t number = client.number;
    say(now, link, LinkClose{number, kTooMany, "too-many-messages"}, links);
    close_client(links_.at(link), number, kTooMany, "too-many-messages", out);
}

void Forwarder::on_disconnect(Instant now, ConnectionId id, LinkOutputs& links) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    const Client client = found->second;
    clients_.erase(found);
    Link& link = links_.at(client.link);
    link.clients.erase(client.number);
    if (link.clients.empty() && link.state == State::Up) link.since = now;
    say(now, client.link, LinkClose{client.number}, links);
}

void Forwarder::on_link_open(Instant now, LinkId id, LinkOutputs& links) {
    const auto found = links_.find(id);
    if (found == links_.end() || found->second.state != State::Dialing) return;
    Link& link = found->second;
    link.state = State::Greeting;
    link.since = link.said = link.heard = now;
    const LinkHello hello{.from = server_, .to = link.to.server, .key = link.to.key};
    links.push_back(SendLink{id, write_link_frame(hello)});
}

void Forwarder::on_link_frame(Instant now, LinkId id, std::string_view text, LinkOutputs& links,
                              Outputs& out) {
    const auto link = links_.find(id);
    if (link == links_.end()) return;
    const auto frame = parse_link_frame(text);
    link->second.heard = now;
    if (frame) return on_frame(now, link, *frame, links, out);
    ++counts_.refused;
    hang_up(link, frame.error(), links, out);
}

void Forwarder::on_frame(Instant now, Links::iterator found, const LinkFrame& frame,
                         LinkOutputs& links, Outputs& out) {
    Link& link = found->second;
    const auto* welcome = std::get_if<LinkWelcome>(&frame);
    const bool is_due = (welcome != nullptr) == (link.state == State::Greeting);
    const bool is_known = !welcome || welcome->version <= kLinkVersion;
    if (!is_due || !is_known) {
        ++counts_.refused;
        return hang_up(found, is_known ? "a frame out of turn" : "an unknown version", links, out);
    }
    if (welcome) {
        link.state = State::Up;
        link.since = link.said = now;
        ++counts_.links;
        for (std::string& text : link.waiting) {
            links.push_back(SendLink{found->first, std::move(text)});
        }
        link.waiting.clear();
        link.waiting_bytes = 0;
        return;
    }
    if (std::holds_alternative<LinkPing>(frame)) return;
    const auto* text = std::get_if<LinkText>(&frame);
    const auto* close = std::get_if<LinkClose>(&frame);
    const uint64_t number = text ? text->connection : close ? close->connection : 0;
    if (number == 0 || number > link.last_number) {
        ++counts_.refused;
        return hang_up(found, "a frame for a client that there never was", links, out);
    }
    const auto client = link.clients.find(number);
    if (client == link.clients.end()) return;  // it has gone meanwhile
    if (text) {
        out.push_back(SendText{client->second, text->text});
    } else {
        close_client(link, number, close->code, close->reason, out);
        if (link.clients.empty()) link.since = now;
    }
}

void Forwarder::close_client(Link& link, uint64_t number, uint16_t code, std::string reason,
                             Outputs& out) {
    const auto client = link.clients.find(number);
    out.push_back(CloseConnection{client->second, code, std::move(reason)});
    clients_.erase(client->second);
    link.clients.erase(client);
}

void Forwarder::on_link_closed(Instant, LinkId id, std::string_view reason, Outputs& out) {
    const auto link = links_.find(id);
    if (link != links_.end()) lose(link, reason, out);
}

void Forwarder::lose(Links::iterator found, std::string_view why, Outputs& out) {
    Link& link = found->second;
    const size_t clients = link.clients.size();
    if (clients > 0) {
        ++counts_.links_lost;
        out.push_back(Log{Level::Warning,
                          "link to server " + link.to.server + " is lost: " + std::string(why) +
                              "; " + std::to_string(clients) + " clients are to come again"});
    }
    while (!link.clients.empty()) {
        close_client(link, link.clients.begin()->first, kHomeLost, "home-lost", out);
    }
    if (link.state != State::Up) dialed_[link.to.server] = link.since;
    links_.erase(found);
}

void Forwarder::hang_up(Links::iterator link, std::string_view why, LinkOutputs& links,
                        Outputs& out) {
    links.push_back(HangUp{link->first, std::string(why)});
    lose(link, why, out);
}

Instant Forwarder::deadline_of(const Link& link) const {
    if (link.state != State::Up) return link.since + kDialTime;
    const Instant idle = link.clients.empty() ? link.since + kIdleTime : Instant::never();
    return std::min({idle, link.said + kPingTime, link.heard + kSilence});
}

void Forwarder::on_deadline(Instant now, LinkOutputs& links, Outputs& out) {
    for (auto it = links_.begin(); it != links_.end();) {
        const auto link = it++;
        Link& state = link->second;
        if (deadline_of(state) > now) continue;
        if (state.state != State::Up) {
            hang_up(link, "it does not answer", links, out);
        } else if (now >= state.heard + kSilence) {
            hang_up(link, "it is silent", links, out);
        } else if (state.clients.empty() && now >= state.since + kIdleTime) {
            hang_up(link, "nobody needs it", links, out);
        } else {
            say(now, link->first, LinkPing{}, links);
        }
    }
}

Instant Forwarder::next_deadline() const {
    Instant next = Instant::never();
    for (const auto& [id, link] : links_) next = std::min(next, deadline_of(link));
    return next;
}

void Forwarder::ensure_invariants() const {
    size_t clients = 0;
    for (const auto& [id, link] : links_) {
        clients += link.clients.size();
        ENSURE(link.state != State::Up || link.waiting.empty());
        for (const auto& [number, client] : link.clients) {
            ENSURE(number <= link.last_number);
            ENSURE(clients_.at(client).link == id && clients_.at(client).number == number);
        }
    }
    ENSURE(clients == clients_.size());
}

}  // namespace parley::controller::clustering
