#include "controller/speakers.h"

#include <algorithm>
#include <vector>

#include "common/json/json.h"
#include "controller/signalling/protoo.h"

namespace parley::controller {

namespace {

constexpr base::Duration kLevelsApart = 200ms;  // a router says them every 250 ms, or nearly so

// The room of an observer, and which of its routers the observer is in.
struct Place {
    Room* room = nullptr;
    rooms::Router* router = nullptr;
};

Place place_of(const House& house, uint64_t observer) {
    const auto* handle = house.observers.find(observer);
    Room* room = handle ? house.rooms.find(*handle) : nullptr;
    if (!room) return {};
    for (rooms::Router& router : room->routers) {
        if (router.level_observer == observer || router.speaker_observer == observer) {
            return {room, &router};
        }
    }
    return {};
}

// Whose voice it is; nullptr when it has gone meanwhile, or came from another worker.
const Member* speaker_of(const House& house, uint64_t producer) {
    const auto* handle = house.producers.find(producer);
    return handle ? house.members.find(*handle) : nullptr;
}

// Says who talks now, if it is not who was talking. `volume` in dBov.
void settle_talking(Turn& turn, Room& room, const std::string& talking, int8_t volume) {
    if (talking == room.talking) return;
    room.talking = talking;
    JsonWriter event, data;
    event.object().key("peer");
    data.object().key("peerId");
    if (talking.empty()) {
        event.null();
        data.null();
    } else {
        event.text(talking);
        data.text(talking).number("volume", int64_t{volume});
    }
    tell(turn, room, "speaker.changed", event.end_object().take());
    notify_others(turn, room, nullptr, "activeSpeaker", data.end_object().take());
}

// The levels, loudest first, to those clients that know Parley's own notifications.
void tell_levels(Turn& turn, Room& room) {
    std::vector<std::pair<std::string_view, int8_t>> loudest(room.levels.begin(),
                                                             room.levels.end());
    std::stable_sort(loudest.begin(), loudest.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    JsonWriter data;
    data.object().key("levels").array();
    for (const auto& [peer, dbov] : loudest) {
        data.object().text("peerId", peer).number("dbov", int64_t{dbov}).end_object();
    }
    const std::string text =
        signalling::write_notification("audioLevels", data.end_array().end_object().take());
    for (const auto& [id, handle] : room.peers) {
        Member* member = turn.house.members.find(handle);
        if (!member->joined || !member->session.numbered()) continue;
        member->session.post_fleeting(text, turn.out);
    }
    room.levels_told = turn.now;
}

// The loudest of those whom the routers find dominant: each router hears all that is heard in it.
void choose_dominant(Room& room) {
    const std::string* best = nullptr;
    int8_t loudest = 0;
    for (const rooms::Router& router : room.routers) {
        const auto level = room.levels.find(router.dominant);
        if (level == room.levels.end() || (best && level->second <= loudest)) continue;
        best = &router.dominant;
        loudest = level->second;
    }
    if (best) room.dominant = *best;
}

}  // namespace

void settle_speakers(Turn& turn, Room& room) {
    room.levels.clear();
    for (const rooms::Router& router : room.routers) {
        for (const auto& [peer, dbov] : router.levels) {
            if (room.peers.contains(peer)) room.levels.emplace(peer, dbov);
        }
    }
    if (room.routers.size() > 1) choose_dominant(room);
    // The dominant speaker has the floor while audible, and keeps it in a pause until another is
    // dominant. Before anybody is, the loudest has it.
    const auto dominant = room.levels.find(room.dominant);
    if (room.levels.empty()) {
        settle_talking(turn, room, "", 0);
    } else if (dominant != room.levels.end()) {
        settle_talking(turn, room, dominant->first, dominant->second);
    } else if (room.talking.empty()) {
        const auto loudest =
            std::max_element(room.levels.begin(), room.levels.end(),
                             [](const auto& a, const auto& b) { return a.second < b.second; });
        settle_talking(turn, room, loudest->first, loudest->second);
    }
}

void on_volumes(Turn& turn, const workers::Volumes& volumes) {
    const auto [room, router] = place_of(turn.house, volumes.observer);
    if (!room) return;
    const bool was_silent = room->levels.empty();
    router->levels.clear();
    for (const workers::Volume& volume : volumes.volumes) {
        // What came through a pipe is measured where it is spoken.
        const Member* speaker = speaker_of(turn.house, volume.producer);
        if (speaker) router->levels.emplace(speaker->id, volume.dbov);  // the louder one, of two
    }
    settle_speakers(turn, *room);
    // As often as one router alone would say so; silence at once, for nothing may follow it.
    const bool silent = room->levels.empty();
    if (silent ? !was_silent : turn.now - room->levels_told >= kLevelsApart) {
        tell_levels(turn, *room);
    }
}

void on_dominant_speaker(Turn& turn, const workers::DominantSpeaker& dominant) {
    const auto [room, router] = place_of(turn.house, dominant.observer);
    if (!room) return;
    const uint64_t* crossed = turn.house.crossed.find(dominant.producer);
    const Member* speaker = speaker_of(turn.house, crossed ? *crossed : dominant.producer);
    if (!speaker) return;
    router->dominant = speaker->id;
    if (room->routers.size() == 1) room->dominant = speaker->id;
    // Not audible in the last report: the next one will say how loud.
    settle_speakers(turn, *room);
}

void forget_speaker(Turn& turn, Room& room, const Member& member) {
    if (room.dominant == member.id) room.dominant.clear();
    room.levels.erase(member.id);
    for (rooms::Router& router : room.routers) {
        router.levels.erase(member.id);
        if (router.dominant == member.id) router.dominant.clear();
    }
    if (room.talking == member.id) settle_talking(turn, room, "", 0);
}

}  // namespace parley::controller
