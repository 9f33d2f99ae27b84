#include <algorithm>

#include "controller/methods.h"
#include "controller/slots.h"

namespace parley::controller {

namespace {

// Another peer of the room, whom this one hears in slots.
struct Rule {
    std::string peer;
    bool holds = false;
};

Result<Rule> parse_rule(Call& call, std::string_view name) {
    JsonFields in(call.data);
    const std::string_view peer = in.text("peerId", 64);
    const bool holds = in.flag(name);
    if (!in.ok()) return base::Err{Error{ErrorCode::Malformed, in.error()}};
    if (call.member.slots == 0) {
        return base::Err{Error{ErrorCode::Conflict, "this peer did not join with slots"}};
    }
    const Member* other = call.turn.house.member(call.room, peer);
    if (holds && (!other || other == &call.member)) {
        return base::Err{Error{ErrorCode::NotFound, "no such other peer"}};
    }
    return Rule{std::string(peer), holds};
}

}  // namespace

Answer mute_speaker(Call& call) {
    const auto rule = parse_rule(call, "muted");
    if (!rule) return Result<std::string>(base::Err{rule.error()});
    auto& muted = call.member.muted_peers;
    if (!rule->holds) {
        muted.erase(rule->peer);
    } else if (muted.size() < kMostMuted || muted.contains(rule->peer)) {
        muted.insert(rule->peer);
    } else {
        return refuse(ErrorCode::Limit, "as many muted as a peer may have");
    }
    settle_rules(call.turn, call.room, call.member);
    return done();
}

Answer pin_speaker(Call& call) {
    const auto rule = parse_rule(call, "pinned");
    if (!rule) return Result<std::string>(base::Err{rule.error()});
    auto& pinned = call.member.pinned_peers;
    const bool known = std::find(pinned.begin(), pinned.end(), rule->peer) != pinned.end();
    if (!rule->holds) {
        std::erase(pinned, rule->peer);
    } else if (!known && pinned.size() >= kMostPinned) {
        return refuse(ErrorCode::Limit, "as many pinned as a peer may have");
    } else if (!known) {
        pinned.push_back(rule->peer);
    }
    settle_rules(call.turn, call.room, call.member);
    return done();
}

}  // namespace parley::controller
