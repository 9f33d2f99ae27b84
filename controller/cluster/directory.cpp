#include "controller/cluster/directory.h"

#include <algorithm>
#include <set>

namespace parley::controller::clustering {

namespace {

constexpr base::Duration kLostAfter = 5s;  // without a beat
constexpr size_t kRoomsMost = 1'000'000;
constexpr size_t kEpochsMost = 100'000;

}  // namespace

void Directory::take(const std::string& server, const cluster::RoomReport& report) {
    const auto found = rooms_.find(report.room);
    if (found != rooms_.end()) {
        // Of two who claim it, the higher epoch has it.
        const bool other_home = found->second.server != server;
        if (other_home && found->second.report.epoch >= report.epoch) return;
        if (other_home) rooms_of_[found->second.server].erase(report.room);
        if (other_home) rooms_of_[server].insert(report.room);
        found->second = {server, report};
    } else if (rooms_.size() < kRoomsMost) {
        rooms_.emplace(report.room, Elsewhere{server, report});
        rooms_of_[server].insert(report.room);
    }
}

void Directory::forget(std::string_view room, std::string_view server) {
    const auto found = rooms_.find(room);
    if (found == rooms_.end() || found->second.server != server) return;
    rooms_of_[found->second.server].erase(found->first);
    rooms_.erase(found);
}

void Directory::on_up(Instant now) {
    for (auto& [id, other] : servers_) other.heard = now;
}

void Directory::on_beat(Instant now, const cluster::Beat& beat) {
    Other& other = servers_[beat.server];
    if (beat.incarnation < other.incarnation) return;  // of a process that is no more
    other.incarnation = beat.incarnation;
    other.heard = now;
    if (beat.whole) {
        std::set<std::string_view> told;
        for (const cluster::RoomReport& report : beat.rooms) told.insert(report.room);
        std::erase_if(rooms_of_[beat.server], [&](const std::string& room) {
            if (told.contains(room)) return false;
            rooms_.erase(room);
            return true;
        });
    }
    for (const cluster::RoomReport& report : beat.rooms) take(beat.server, report);
    for (const std::string& room : beat.closed) forget(room, beat.server);
    for (const std::string& room : beat.released) forget(room, beat.server);
    other.place = {beat.server,
                   beat.region,
                   beat.version,
                   beat.signalling,
                   beat.state,
                   beat.load,
                   static_cast<uint32_t>(rooms_of_[beat.server].size())};
    other.link = {beat.server, beat.link, beat.link_key};
}

void Directory::on_event(const cluster::Event& event) {
    if (event.type == "room.created" || event.type == "room.moved") {
        const auto found = rooms_.find(event.room);
        cluster::RoomReport report;
        if (found != rooms_.end()) report = found->second.report;
        report.room = event.room;
        report.epoch = event.epoch;
        if (event.type == "room.created") report.created = event.at;
        // A beat that came before it says more.
        if (found != rooms_.end() && found->second.server == event.server &&
            found->second.report.epoch >= event.epoch) {
            return;
        }
        take(event.server, report);
    } else if (event.type == "room.closed") {
        forget(event.room, event.server);
    }
}

void Directory::on_deadline(Instant now) {
    for (auto it = servers_.begin(); it != servers_.end();) {
        if (now - it->second.heard < kLostAfter) {
            ++it;
            continue;
        }
        for (const std::string& id : rooms_of_[it->first]) {
            const auto room = rooms_.find(id);
            remember_epoch(id, room->second.report.epoch);
            rooms_.erase(room);
        }
        rooms_of_.erase(it->first);
        it = servers_.erase(it);
    }
}

void Directory::remember_epoch(const std::string& room, cluster::Epoch epoch) {
    if (epochs_.size() >= kEpochsMost) epochs_.erase(epochs_.begin());
    cluster::Epoch& known = epochs_[room];
    known = std::max(known, epoch);
}

const Elsewhere* Directory::find(std::string_view room) const {
    const auto found = rooms_.find(room);
    return found == rooms_.end() ? nullptr : &found->second;
}

cluster::Epoch Directory::epoch(std::string_view room) const {
    const Elsewhere* place = find(room);
    const auto lost = epochs_.find(room);
    return std::max(place ? place->report.epoch : 0, lost == epochs_.end() ? 0 : lost->second);
}

const cluster::ServerPlace* Directory::server(std::string_view server) const {
    const auto found = servers_.find(server);
    return found == servers_.end() ? nullptr : &found->second.place;
}

const LinkAddress* Directory::link(std::string_view server) const {
    const auto found = servers_.find(server);
    const bool takes_links = found != servers_.end() && !found->second.link.address.empty() &&
                             !found->second.link.key.empty();
    return takes_links ? &found->second.link : nullptr;
}

std::vector<cluster::ServerPlace> Directory::servers() const {
    std::vector<cluster::ServerPlace> places;
    for (const auto& [id, other] : servers_) places.push_back(other.place);
    return places;
}

}  // namespace parley::controller::clustering
