#include "worker/ice/lite_agent.h"

#include <utility>

#include "common/base/ensure.h"
#include "worker/stun/integrity.h"

namespace parley::ice {

namespace {

// Answers to a request that proved nothing, unless that would take more bytes than it had.
void refuse(const net::Path& to, const stun::MessageView& request, stun::ErrorCode code,
            net::Outbox& out) {
    const size_t size =
        stun::write_binding_error(out.next(), request.transaction_id, code, /*password=*/{});
    if (size <= request.bytes.size()) out.commit(to, size);
}

void succeed(const net::Path& to, const stun::MessageView& request, std::string_view password,
             net::Outbox& out) {
    const stun::MappedAddress mapped{to.remote.ip, to.remote.port};
    const size_t size =
        stun::write_binding_success(out.next(), request.transaction_id, mapped, password);
    out.commit(to, size);
}

// Answers to an authenticated request that can not be carried out.
void fail(const net::Path& to, const stun::MessageView& request, stun::ErrorCode code,
          std::string_view password, net::Outbox& out) {
    const size_t size = stun::write_binding_error(out.next(), request.transaction_id, code,
                                                  password, request.unknown.span());
    out.commit(to, size);
}

}  // namespace

LiteAgent::LiteAgent(Credentials local, base::Instant) : local_(std::move(local)) {}

Heard LiteAgent::on_stun(base::Instant now, const net::Path& from, base::Bytes bytes,
                         net::Outbox& out) {
    const Heard heard = hear(now, from, bytes, out);
    ensure_invariants();
    return heard;
}

// The order of the answers is that of RFC 8489 §9.1.3, then §6.3.1, then RFC 8445 §7.3.1.1.
Heard LiteAgent::hear(base::Instant now, const net::Path& from, base::Bytes bytes,
                      net::Outbox& out) {
    if (state_ == State::Closed) return Heard::Ignored;
    const auto message = stun::parse_message(bytes);
    if (!message) return Heard::Malformed;
    if (message->message_class != stun::Class::Request || message->method != stun::kBinding) {
        return Heard::Ignored;
    }
    if (!message->username || !message->integrity_at) {
        refuse(from, *message, stun::ErrorCode::BadRequest, out);
        return Heard::Malformed;
    }
    const Credentials* used = credentials_for(*message->username);
    if (used == nullptr) return Heard::UnknownUser;
    if (!stun::verify_integrity(*message, used->password)) {
        refuse(from, *message, stun::ErrorCode::Unauthenticated, out);
        return Heard::Unauthenticated;
    }
    if (message->unknown.count > 0) {
        fail(from, *message, stun::ErrorCode::UnknownAttribute, used->password, out);
    } else if (message->ice_controlled) {
        fail(from, *message, stun::ErrorCode::RoleConflict, used->password, out);
    } else {
        succeed(from, *message, used->password, out);
        if (used == &local_ && previous_) forget_previous();
        on_check(now, from, *message);
    }
    return Heard::Answered;
}

void LiteAgent::on_check(base::Instant now, const net::Path& from,
                         const stun::MessageView& check) {
    note(paths_.on_check(now, from, {.priority = check.priority.value_or(0),
                                     .use_candidate = check.use_candidate}));
}

// The peer has followed the restart.
void LiteAgent::forget_previous() {
    previous_.reset();
    paths_.begin_anew();
    ++changes_;
}

void LiteAgent::restart(base::Instant, Credentials local) {
    if (state_ == State::Closed) return;
    // Of two restarts in a row the peer may have seen neither: what it used last stays good.
    if (!previous_) previous_ = std::move(local_);
    local_ = std::move(local);
    ++changes_;
    ensure_invariants();
}

void LiteAgent::close(base::Instant) {
    if (state_ == State::Closed) return;
    paths_.clear();
    previous_.reset();
    enter(State::Closed);
    ensure_invariants();
}

void LiteAgent::on_path_closed(base::Instant, const net::Path& path) {
    if (paths_.forget(path)) note(true);
    ensure_invariants();
}

void LiteAgent::on_deadline(base::Instant now) {
    if (now < next_deadline()) return;
    note(paths_.on_deadline(now));
    ensure_invariants();
}

base::Instant LiteAgent::next_deadline() const {
    return paths_.next_deadline();
}

LiteAgent::Fragments LiteAgent::local_fragments() const {
    Fragments fragments;
    fragments.names[fragments.count++] = local_.username_fragment;
    if (previous_) fragments.names[fragments.count++] = previous_->username_fragment;
    return fragments;
}

const Credentials* LiteAgent::credentials_for(std::string_view username) const {
    const auto fragment = local_fragment_of(username);
    if (!fragment) return nullptr;
    if (*fragment == local_.username_fragment) return &local_;
    if (previous_ && *fragment == previous_->username_fragment) return &*previous_;
    return nullptr;
}

// Counts a change of the paths, and follows them with the state.
void LiteAgent::note(bool changed) {
    if (changed) ++changes_;
    if (!paths_.selected()) return enter(State::Disconnected);
    enter(paths_.nominated() ? State::Completed : State::Connected);
}

void LiteAgent::enter(State state) {
    if (state == state_) return;
    ENSURE(may(state_, state));
    state_ = state;
    ++changes_;
}

void LiteAgent::ensure_invariants() const {
    paths_.ensure_invariants();
    const bool has_path = state_ == State::Connected || state_ == State::Completed;
    ENSURE(has_path == paths_.selected().has_value());
    ENSURE(has_path == !next_deadline().is_never());
    ENSURE(!has_path || paths_.nominated() == (state_ == State::Completed));
    ENSURE(state_ != State::Closed || !previous_);
}

}  // namespace parley::ice
