#pragma once

#include "tests/fuzz/stage.h"
#include "worker/srtp/sender.h"

namespace parley::fuzz {

// Protects whatever it is given as a leg does that has the keys to it, so that it arrives as
// authentic as what the leg itself sends.
class Forger {
public:
    // REQUIRES: the leg has keys.
    explicit Forger(const sim::MediaLeg& leg)
        : leg_(leg),
          sender_(
              *srtp::profile_of_iana(leg.keys()->profile),
              srtp::split_master(*srtp::profile_of_iana(leg.keys()->profile), leg.keys()->local)) {}

    void send_rtp(Stage& stage, const Message& plain) {
        send(stage, plain, &srtp::Sender::protect_rtp);
    }
    void send_rtcp(Stage& stage, const Message& plain) {
        send(stage, plain, &srtp::Sender::protect_rtcp);
    }

private:
    using Protect = size_t (srtp::Sender::*)(std::span<uint8_t>, size_t);

    void send(Stage& stage, const Message& plain, Protect protect) {
        Message room = plain;
        room.resize(plain.size() + srtp::kMaxOverhead);
        room.resize((sender_.*protect)(room, plain.size()));
        stage.forge(leg_.address(), server_of(leg_), std::move(room));
    }

    const sim::MediaLeg& leg_;
    srtp::Sender sender_;
};

}  // namespace parley::fuzz
