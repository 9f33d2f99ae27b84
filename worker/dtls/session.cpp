#include "worker/dtls/session.h"

#include <algorithm>
#include <utility>

#include "common/base/ensure.h"
#include "worker/dtls/handshake.h"
#include "worker/dtls/record.h"
#include "worker/dtls/secure_records.h"
#include "worker/limits.h"

namespace parley::dtls {

namespace {

constexpr uint8_t kClientHello = 1, kFinished = 20;            // RFC 5246 §7.4
constexpr uint8_t kWarning = 1, kFatal = 2, kCloseNotify = 0;  // §7.2

// A handshake begins with a ClientHello, or a fragment of one. Anything else that a server hears
// first is left over from an earlier session on the same path.
bool begins_handshake(base::Bytes datagram) {
    base::ByteReader in(datagram);
    const auto record = parse_record(in);
    return record && record->epoch == 0 && record->type == ContentType::Handshake &&
           !record->fragment.empty() && record->fragment.front() == kClientHello;
}

}  // namespace

Session::Session(const Identity& identity, Role role, std::vector<Fingerprint> remote,
                 base::Instant)
    : identity_(identity), remote_(std::move(remote)), role_(role) {}

Session::~Session() = default;

void Session::enter(State state, Why why) {
    ENSURE(may(state_, state));
    state_ = state;
    why_ = why;
    if (state != State::Handshaking) {
        handshake_.reset();
        deadline_ = base::Instant::never();
    }
    if (state != State::Handshaking && state != State::Connected) last_flight_ = {};
    if (state != State::Connected) {
        records_.reset();
        keys_.reset();
    }
}

void Session::start(base::Instant now, Flight& out) {
    if (state_ == State::New && role_ == Role::Client) {
        begin(now);
        go_on(now, {}, out);
    }
    ensure_invariants();
}

void Session::begin(base::Instant now) {
    handshake_ = std::make_unique<Handshake>(identity_, role_, std::move(remote_));
    give_up_ = now + limits::kDtlsHandshake;
    enter(State::Handshaking, Why::None);
}

void Session::on_datagram(base::Instant now, base::Bytes datagram, Flight& out) {
    if (!is_records(datagram)) {
        ++malformed_;
        return;
    }
    if (state_ == State::New && role_ == Role::Server && begins_handshake(datagram)) begin(now);
    if (state_ == State::Handshaking && !too_early(datagram)) {
        go_on(now, datagram, out);
    } else if (state_ == State::Connected) {
        on_records(datagram, out);
    }
    ensure_invariants();
}

bool Session::too_early(base::Bytes datagram) {
    base::ByteReader in(datagram);
    while (const auto record = parse_record(in)) early_records_ += record->epoch > 0;
    return early_records_ > limits::kDtlsEarlyRecords;
}

void Session::go_on(base::Instant now, base::Bytes datagram, Flight& out) {
    const size_t sent = out.size();
    const HandshakeOutcome outcome = handshake_->on_datagram(datagram, out);
    settle(now, outcome, std::span(out).subspan(sent));
}

void Session::settle(base::Instant now, HandshakeOutcome outcome,
                     std::span<const std::vector<uint8_t>> written) {
    if (!written.empty()) last_flight_.assign(written.begin(), written.end());
    switch (outcome) {
        case HandshakeOutcome::Done: return connect();
        case HandshakeOutcome::Failed: return enter(State::Failed, handshake_->why());
        case HandshakeOutcome::Going: break;
    }
    const auto wait = handshake_->timeout();
    deadline_ = wait ? std::min(now + *wait, give_up_) : give_up_;
}

void Session::connect() {
    const Handshake::Secrets secrets = handshake_->secrets();
    records_ = std::make_unique<SecureRecords>(secrets.records);
    for (const auto& datagram : last_flight_) records_->note_sent(datagram);
    // The client's last flight was answered. The server's may be lost, which the client will say
    // by sending its own again; copies of the same records serve as well as new ones.
    if (role_ == Role::Client) last_flight_ = {};
    keys_ = secrets.srtp;
    enter(State::Connected, Why::None);
}

void Session::on_deadline(base::Instant now, Flight& out) {
    if (now < deadline_) return;
    if (now >= give_up_) {
        enter(State::Failed, Why::Timeout);
    } else {
        const size_t sent = out.size();
        const HandshakeOutcome outcome = handshake_->on_timeout(out);
        settle(now, outcome, std::span(out).subspan(sent));
    }
    ensure_invariants();
}

void Session::on_records(base::Bytes datagram, Flight& out) {
    base::ByteReader in(datagram);
    while (state_ == State::Connected) {
        const auto record = parse_record(in);
        if (!record) return;
        on_record(*record, out);
    }
}

void Session::on_record(const Record& record, Flight& out) {
    const auto plain = records_->open(record);
    if (!plain || plain->empty()) return;
    switch (record.type) {
        case ContentType::Alert: return on_alert(*plain, out);
        case ContentType::Handshake:
            if (plain->front() != kFinished) return;  // there is no second handshake
            out.insert(out.end(), last_flight_.begin(), last_flight_.end());
            return;
        case ContentType::ApplicationData:  // SCTP will take it from here
        case ContentType::ChangeCipherSpec: return;
    }
}

void Session::on_alert(base::Bytes alert, Flight& out) {
    base::ByteReader in(alert);
    const uint8_t level = in.u8(), description = in.u8();
    if (!in.ok()) return;
    if (description == kCloseNotify) {
        say_goodbye(out);
        enter(State::Closed, Why::ClosedByPeer);
    } else if (level == kFatal) {
        enter(State::Closed, Why::Alert);
    }
}

void Session::say_goodbye(Flight& out) {
    const uint8_t alert[] = {kWarning, kCloseNotify};
    out.push_back(records_->seal(ContentType::Alert, alert));
}

void Session::close(base::Instant, Flight& out) {
    if (state_ == State::Closed) return;
    if (state_ == State::Connected) say_goodbye(out);
    enter(State::Closed, Why::ClosedHere);
    ensure_invariants();
}

void Session::ensure_invariants() const {
    ENSURE(keys_.has_value() == (state_ == State::Connected));
    ENSURE((records_ != nullptr) == (state_ == State::Connected));
    ENSURE((handshake_ != nullptr) == (state_ == State::Handshaking));
    ENSURE(deadline_.is_never() == (state_ != State::Handshaking));
}

}  // namespace parley::dtls
