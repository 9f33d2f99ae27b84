#pragma once

#include <cstdint>
#include <string_view>

namespace parley::dtls {

enum class Role : uint8_t { Client, Server };

enum class State : uint8_t { New, Handshaking, Connected, Failed, Closed };

constexpr bool may(State from, State to) {
    switch (from) {
        case State::New: return to == State::Handshaking || to == State::Closed;
        case State::Handshaking:
            return to == State::Connected || to == State::Failed || to == State::Closed;
        case State::Connected:
        case State::Failed: return to == State::Closed;
        case State::Closed: return false;
    }
    return false;
}

// What brought a session into its state.
enum class Why : uint8_t {
    None,
    Timeout,              // no end of the handshake within kDtlsHandshake
    FingerprintMismatch,  // the certificate is not the one that was signalled, RFC 8122 §6.2
    NoCommonProfile,      // the peer has none of our SRTP profiles
    Alert,                // the peer gave up and said so
    ProtocolError,        // the peer said what it may not say
    ClosedByPeer,
    ClosedHere,
};

constexpr std::string_view to_text(Why why) {
    switch (why) {
        case Why::None: return "";
        case Why::Timeout: return "handshake timed out";
        case Why::FingerprintMismatch: return "fingerprint mismatch";
        case Why::NoCommonProfile: return "no common SRTP profile";
        case Why::Alert: return "alert from the peer";
        case Why::ProtocolError: return "protocol error";
        case Why::ClosedByPeer: return "closed by the peer";
        case Why::ClosedHere: return "closed here";
    }
    return "";
}

constexpr std::string_view to_text(State state) {
    switch (state) {
        case State::New: return "new";
        case State::Handshaking: return "handshaking";
        case State::Connected: return "connected";
        case State::Failed: return "failed";
        case State::Closed: return "closed";
    }
    return "";
}

}  // namespace parley::dtls
