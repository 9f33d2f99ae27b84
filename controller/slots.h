#pragma once

#include <string>
#include <string_view>

#include "controller/house.h"

// Listeners that hear the loudest of their room in a fixed number of slots. Their worker chooses;
// here is who listens so, by what rules, and who is told what. docs/signalling.md.
namespace parley::controller {

constexpr uint32_t kMostSlots = 8;
constexpr size_t kMostPinned = 8;
constexpr size_t kMostMuted = 1'000;

// Asks for the slots of a listener that wants them, on its receiving transport, unless it has them.
void open_slots(Turn& turn, Room& room, Member& listener);
// The worker has made the slots of this transport, or has refused to.
void on_slots_consumed(Turn& turn, Member& listener, uint64_t transport,
                       const workers::Reply& reply);
// Whose voice slots carry from now on.
void on_slot_speakers(Turn& turn, const workers::SlotSpeakers& speakers);

// The rules of this listener, as its worker knows them, for those who are in the room now.
workers::SlotRules slot_rules(const House& house, const Room& room, const Member& listener);
void settle_rules(Turn& turn, Room& room, Member& listener);
// After a peer has come: a listener's rules may be about it.
void settle_rules_about(Turn& turn, Room& room, const Member& peer);

// The slots of one transport, and its rules, of a controller before this one. After all peers of
// the room are known.
void recover_slots(Turn& turn, Room& room, Member& listener,
                   const workers::TransportSnapshot& transport);

// Tells the listeners with slots whether this peer speaks, is muted or only listens: no consumer of
// theirs shows it.
void tell_audio(Turn& turn, const Room& room, const Member& speaker);
// "live", "muted" or "none".
std::string_view audio_of(const Member& speaker);

// The data of newConsumer. REQUIRES: consumer.slot
std::string write_slot(const House& house, const Member& listener, const Consumer& consumer);

}  // namespace parley::controller
