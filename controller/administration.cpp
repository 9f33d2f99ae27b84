#include "controller/administration.h"

#include "common/json/json.h"
#include "controller/hearing.h"
#include "controller/membership.h"
#include "controller/room_life.h"

namespace parley::controller {

namespace {

constexpr size_t kMetadataBytes = 4 * 1024;
constexpr size_t kMetadataDepth = 16;
constexpr size_t kReasonBytes = 100;  // a close reason has 123 bytes, RFC 6455 §5.5

base::Err<Error> error(ErrorCode code, std::string reason) {
    return {{code, std::move(reason)}};
}

Result<Member*> find_member(House& house, std::string_view room_id, std::string_view peer) {
    Room* room = house.room(room_id);
    if (!room) return error(ErrorCode::NotFound, "no such room");
    Member* member = house.member(*room, peer);
    if (!member) return error(ErrorCode::NotFound, "no such peer");
    return member;
}

// Cuts between characters, not within one.
std::string_view shortened(std::string_view text) {
    size_t size = std::min(text.size(), kReasonBytes);
    while (size > 0 && size < text.size() && (static_cast<uint8_t>(text[size]) & 0xc0) == 0x80) {
        --size;
    }
    return text.substr(0, size);
}

}  // namespace

Result<RoomInfo> create_room(Turn& turn, std::string_view id, const RoomOptions& options,
                             cluster::Epoch epoch, std::string_view trace) {
    House& house = turn.house;
    if (!rooms::valid_id(id)) {
        return error(ErrorCode::Malformed, "room: wanted 1 to 64 of A-Z a-z 0-9 _ . : -");
    }
    const auto metadata =
        JsonDocument::parse(options.metadata, {.bytes = kMetadataBytes, .depth = kMetadataDepth});
    if (!metadata) return error(ErrorCode::Malformed, "metadata: " + metadata.error());
    if (options.empty_timeout < 0s) {
        return error(ErrorCode::Malformed, "emptyTimeout: wanted 0 or more");
    }
    // Until the workers have said which rooms they carry, this one may be there already.
    if (house.stopping || !house.settled()) {
        return error(ErrorCode::Unavailable, house.stopping ? "stopping" : "starting");
    }
    if (Room* room = house.room(id)) {
        if (epoch > room->epoch) {
            room->epoch = epoch;
            keep_app_data(turn, *room);
        }
        return room_info(house, *room);
    }
    if (house.draining) return error(ErrorCode::Unavailable, "draining");
    RoomOptions checked = options;
    checked.metadata = metadata->root().dump();
    const auto opened = open_room(turn, id, checked, epoch, trace);
    if (!opened) return base::Err{opened.error()};
    return room_info(house, **opened);
}

Result<base::Unit> release_room(Turn& turn, std::string_view id) {
    Room* room = turn.house.room(id);
    if (!room) return error(ErrorCode::NotFound, "no such room");
    shut_room(turn, *room, 4307, "moved");
    return base::Unit{};
}

Result<base::Unit> close_room(Turn& turn, std::string_view id) {
    Room* room = turn.house.room(id);
    if (!room) return error(ErrorCode::NotFound, "no such room");
    shut_room(turn, *room, 4410, "room-closed");
    return base::Unit{};
}

Result<base::Unit> kick(Turn& turn, std::string_view room, std::string_view peer,
                        std::string_view reason) {
    const auto member = find_member(turn.house, room, peer);
    if (!member) return base::Err{member.error()};
    remove_member(turn, **member, Leaving::Kicked, shortened(reason));
    return base::Unit{};
}

Result<base::Unit> mute(Turn& turn, std::string_view room_id, std::string_view peer, bool muted) {
    const auto found = find_member(turn.house, room_id, peer);
    if (!found) return base::Err{found.error()};
    Member& member = **found;
    if (member.muted == muted) return base::Unit{};
    Room& room = *turn.house.rooms.find(member.room);
    member.muted = muted;
    keep_app_data(turn, member);
    log(turn, Level::Info, muted ? "muted" : "unmuted", room, member);
    for (const auto& [id, producer] : member.producers) {
        const bool was_paused = producer.paused_by_client || !muted;
        settle_pause(turn, room, member, producer, was_paused);
        if (producer.created) tell_muted(turn, room, member, id);
    }
    return base::Unit{};
}

void tell_muted(Turn& turn, Room& room, Member& member, uint64_t producer) {
    const std::string id = std::to_string(producer);
    JsonWriter data;
    data.object().text("producerId", id).text("by", "admin").end_object();
    if (member.session.numbered()) {
        notify(turn, member, member.muted ? "muted" : "unmuted", data.take());
    }
    JsonWriter event;
    event.object().text("peer", member.id).text("producer", id).flag("muted", member.muted);
    tell(turn, room, "track.muted", event.text("by", "admin").end_object().take());
}

}  // namespace parley::controller
