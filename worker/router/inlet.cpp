#include "worker/router/inlet.h"

namespace parley::router {

using net::Drop;

namespace {

Drop drop_of(srtp::Error error) {
    switch (error) {
        case srtp::Error::Malformed: return Drop::SrtpMalformed;
        case srtp::Error::Replayed: return Drop::SrtpReplayed;
        case srtp::Error::Unauthenticated: return Drop::SrtpUnauthenticated;
        case srtp::Error::Exhausted: return Drop::SrtpExhausted;
        case srtp::Error::TooManyStreams: return Drop::SrtpStreams;
    }
    return Drop::SrtpMalformed;
}

}  // namespace

std::optional<size_t> Inlet::unprotect_rtp(std::span<uint8_t> packet, Turn& turn) {
    if (!receiver_) return turn.drop(Drop::SrtpNoKeys), std::nullopt;
    const auto size = receiver_->unprotect_rtp(packet);
    if (!size) return turn.drop(drop_of(size.error())), std::nullopt;
    return *size;
}

std::optional<size_t> Inlet::unprotect_rtcp(std::span<uint8_t> packet, Turn& turn) {
    if (!receiver_) return turn.drop(Drop::SrtpNoKeys), std::nullopt;
    const auto size = receiver_->unprotect_rtcp(packet);
    if (!size) return turn.drop(drop_of(size.error())), std::nullopt;
    return *size;
}

}  // namespace parley::router
