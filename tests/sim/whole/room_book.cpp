#include "tests/sim/whole/room_book.h"

#include <algorithm>
#include <charconv>

namespace parley::sim {

namespace {

constexpr uint32_t kHomelessMost = 12, kDoubledMost = 12, kUndeadShown = 15;  // calm seconds
// A room is younger than this when no beat is sure to have told of it.
constexpr base::Duration kYoung = 2500ms;
constexpr base::Duration kServiceTrouble = 6s;

}  // namespace

std::string room_name(RoomNumber room) {
    return "room-" + std::to_string(room);
}

RoomNumber room_number(std::string_view name) {
    RoomNumber room = 0;
    name.remove_prefix(std::string_view("room-").size());
    std::from_chars(name.data(), name.data() + name.size(), room);
    return room;
}

RoomNumber RoomBook::ask() {
    rooms_.emplace_back();
    ++figures_.created;
    return static_cast<RoomNumber>(rooms_.size() - 1);
}

void RoomBook::on_promised(RoomNumber number) {
    Room& room = rooms_[number];
    if (room.fate != Fate::Asked) return;
    room.fate = Fate::Open;
    ++figures_.open;
    settle(number);
}

void RoomBook::on_ended(RoomNumber number) {
    end(number);
    settle(number);
}

void RoomBook::end(RoomNumber number) {
    Room& room = rooms_[number];
    if (room.fate == Fate::Ended) return;
    if (room.fate == Fate::Open) --figures_.open;
    room.fate = Fate::Ended;
    ++figures_.ended;
    on_end(number);
}

void RoomBook::on_opened(ServerNumber server, RoomNumber number, cluster::Epoch epoch) {
    Room& room = rooms_[number];
    if (room.latest == 0) room.opened = world_.now();
    if (room.latest > 0 && epoch > room.latest) ++figures_.moves;
    room.homes.push_back({server, epoch});
    room.latest = std::max(room.latest, epoch);
    settle(number);
}

void RoomBook::on_closed(ServerNumber server, RoomNumber number, const std::string& reason) {
    Room& room = rooms_[number];
    cluster::Epoch epoch = 0;
    std::erase_if(room.homes, [&](const Home& home) {
        if (home.server == server) epoch = home.epoch;
        return home.server == server;
    });
    const bool for_good =
        reason.find("empty") != reason.npos || reason.find("room-closed") != reason.npos;
    if (for_good && epoch == room.latest) end(number);
    const bool young = reason.empty() && world_.now() - room.opened < kYoung;
    if (young && room.homes.empty()) room.may_be_forgotten = true;
    settle(number);
}

// Which of the lists the room belongs on.
void RoomBook::settle(RoomNumber number) {
    Room& room = rooms_[number];
    const bool open = room.fate == Fate::Open;
    if (open && room.homes.empty()) {
        if (homeless_.insert(number).second) room.homeless_since = world_.now();
    } else if (homeless_.erase(number) > 0) {
        figures_.longest_homeless =
            std::max(figures_.longest_homeless, world_.now() - room.homeless_since);
        room.calm_homeless = 0;
    }
    if (room.homes.size() > 1) {
        doubled_.insert(number);
    } else if (doubled_.erase(number) > 0) {
        room.calm_doubled = 0;
    }
    if (room.fate == Fate::Ended && !room.homes.empty()) {
        undead_.insert(number);
    } else {
        undead_.erase(number);
    }
}

void RoomBook::on_second(bool calm, const std::function<bool(ServerNumber)>& is_well) {
    if (!calm) return;
    const bool excused = world_.now() - service_trouble_ < 30s;
    for (const RoomNumber number : std::set<RoomNumber>(homeless_)) {
        Room& room = rooms_[number];
        const base::Duration calm_for = ++room.calm_homeless * 1s;
        if (room.calm_homeless > kHomelessMost && room.may_be_forgotten && excused) {
            ++figures_.forgotten;
            on_ended(number);
            continue;
        }
        figures_.longest_calm_homeless = std::max(figures_.longest_calm_homeless, calm_for);
        if (room.calm_homeless > kHomelessMost) world_.broken(room_name(number) + " is lost");
    }
    for (const RoomNumber number : doubled_) {
        Room& room = rooms_[number];
        const auto well = std::ranges::count_if(
            room.homes, [&](const Home& home) { return is_well(home.server); });
        if (well < 2) continue;
        figures_.longest_doubled =
            std::max<base::Duration>(figures_.longest_doubled, ++room.calm_doubled * 1s);
        if (room.calm_doubled > kDoubledMost) {
            world_.broken(room_name(number) + " has " + std::to_string(well) + " homes");
        }
    }
    for (const RoomNumber number : undead_) {
        Room& room = rooms_[number];
        const bool seen =
            std::ranges::any_of(room.homes, [&](const Home& home) { return is_well(home.server); });
        if (!seen || ++room.calm_undead != kUndeadShown) continue;
        ++figures_.undead;
        figures_.undead_latest = number;
    }
}

void RoomBook::expect_order() {
    for (const RoomNumber number : homeless_) world_.broken(room_name(number) + " is lost");
    for (const RoomNumber number : doubled_) world_.broken(room_name(number) + " has two homes");
    for (const RoomNumber number : undead_) {
        world_.broken(room_name(number) + " was closed, and is there");
    }
}

}  // namespace parley::sim
