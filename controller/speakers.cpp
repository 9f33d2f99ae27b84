#include "controller/speakers.h"

#include "common/json/json.h"
#include "controller/signalling/protoo.h"

namespace parley::controller {

namespace {

Room* room_of(const House& house, uint64_t observer) {
    const auto* handle = house.observers.find(observer);
    return handle ? house.rooms.find(*handle) : nullptr;
}

// Whose voice it is; nullptr when it has gone meanwhile.
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

// The levels, to those clients that know Parley's own notifications.
void tell_levels(Turn& turn, const Room& room, const workers::Volumes& volumes) {
    JsonWriter data;
    data.object().key("levels").array();
    for (const workers::Volume& volume : volumes.volumes) {
        const Member* speaker = speaker_of(turn.house, volume.producer);
        if (!speaker) continue;
        data.object().text("peerId", speaker->id).number("dbov", int64_t{volume.dbov}).end_object();
    }
    const std::string text =
        signalling::write_notification("audioLevels", data.end_array().end_object().take());
    for (const auto& [id, handle] : room.peers) {
        Member* member = turn.house.members.find(handle);
        if (!member->joined || !member->session.numbered()) continue;
        member->session.post_fleeting(text, turn.out);
    }
}

}  // namespace

void on_volumes(Turn& turn, const workers::Volumes& volumes) {
    Room* room = room_of(turn.house, volumes.observer);
    if (!room) return;
    const bool was_silent = room->levels.empty();
    std::string loudest;
    room->levels.clear();
    for (const workers::Volume& volume : volumes.volumes) {
        const Member* speaker = speaker_of(turn.house, volume.producer);
        if (!speaker) continue;
        if (loudest.empty()) loudest = speaker->id;
        room->levels.emplace(speaker->id, volume.dbov);  // the louder one, of two producers
    }
    if (!room->levels.empty() || !was_silent) tell_levels(turn, *room, volumes);
    // The dominant speaker has the floor while audible, and keeps it in a pause until another is
    // dominant. Before anybody is, the loudest has it.
    const auto dominant = room->levels.find(room->dominant);
    if (room->levels.empty()) {
        settle_talking(turn, *room, "", 0);
    } else if (dominant != room->levels.end()) {
        settle_talking(turn, *room, dominant->first, dominant->second);
    } else if (room->talking.empty()) {
        settle_talking(turn, *room, loudest, room->levels.at(loudest));
    }
}

void on_dominant_speaker(Turn& turn, const workers::DominantSpeaker& dominant) {
    Room* room = room_of(turn.house, dominant.observer);
    const Member* speaker = speaker_of(turn.house, dominant.producer);
    if (!room || !speaker) return;
    room->dominant = speaker->id;
    const auto level = room->levels.find(speaker->id);
    // Not audible in the last report: the next one will say how loud.
    if (level != room->levels.end()) settle_talking(turn, *room, level->first, level->second);
}

void forget_speaker(Turn& turn, Room& room, const Member& member) {
    if (room.dominant == member.id) room.dominant.clear();
    room.levels.erase(member.id);
    if (room.talking == member.id) settle_talking(turn, room, "", 0);
}

void fall_silent(Turn& turn, Room& room) {
    room.dominant.clear();
    room.levels.clear();
    settle_talking(turn, room, "", 0);
}

}  // namespace parley::controller
