#include "tests/sim/controlling_agent.h"

#include <algorithm>
#include <array>
#include <utility>

#include "worker/limits.h"
#include "worker/stun/integrity.h"
#include "worker/stun/writer.h"

namespace parley::sim {

namespace {

constexpr base::Duration kFirstPause = 50ms;
constexpr base::Duration kLongestPause = 1600ms;
constexpr base::Duration kCheckLives = 8s;

// Host candidates of one component; the preference says nothing here. RFC 8445 §5.1.2.1.
constexpr uint32_t kPriority = 126u << 24 | 65535u << 8 | 255u;

}  // namespace

ControllingAgent::ControllingAgent(base::SeededRandom random, Nomination nomination, Send send)
    : random_(random),
      nomination_(nomination),
      send_(std::move(send)),
      tie_breaker_(random_.u64()) {}

void ControllingAgent::start(base::Instant now, ice::Credentials remote,
                             std::vector<net::Address> candidates) {
    local_ = ice::make_credentials(random_);
    remote_ = std::move(remote);
    candidates_ = std::move(candidates);
    if (state_ == State::New || state_ == State::Failed) state_ = State::Checking;
    answered_ = now;
    on_new_address(now);
}

void ControllingAgent::on_new_address(base::Instant now) {
    if (candidates_.empty()) return;
    valid_.reset();
    nominated_ = false;
    checks_.clear();
    pause_ = kFirstPause;
    next_ = now;
}

void ControllingAgent::check(base::Instant now, const net::Address& to, bool nominates) {
    Check check{{}, to, nominates, now};
    random_.fill(check.id);
    const std::string username = remote_.username_fragment + ":" + local_.username_fragment;
    std::array<uint8_t, limits::kDatagramBytes> room{};
    const size_t size = stun::write_binding_request(
        room, {.transaction_id = check.id,
               .username = username,
               .password = remote_.password,
               .priority = kPriority,
               .ice_controlling = tie_breaker_,
               .ice_controlled = std::nullopt,
               .use_candidate = nominates});
    std::erase_if(checks_, [&](const Check& old) { return now - old.sent > kCheckLives; });
    checks_.push_back(check);
    send_(to, std::span(room).first(size));
}

void ControllingAgent::on_deadline(base::Instant now) {
    if (now < next_ || state_ == State::New || state_ == State::Failed) return;
    if (now - answered_ >= kFailed) {
        state_ = State::Failed;
        selected_.reset();
        next_ = base::Instant::never();
        return;
    }
    if (now - answered_ >= kDisconnected && state_ == State::Connected) {
        state_ = State::Disconnected;
        pause_ = kFirstPause;
    }
    if (nominated_ && state_ == State::Connected) {
        check(now, *selected_, nomination_ != Nomination::Once);
    } else if (valid_) {
        check(now, *valid_, true);
    } else {
        const bool nominates = nomination_ == Nomination::Aggressive;
        for (const net::Address& candidate : candidates_) check(now, candidate, nominates);
    }
    schedule(now);
}

// Consent at 80 to 120 % of 2.5 to 5 s would be RFC 7675 §5.1 to the letter; browsers draw sooner.
void ControllingAgent::schedule(base::Instant now) {
    if (nominated_ && state_ == State::Connected) {
        next_ = now + 2500ms + base::Duration(static_cast<int64_t>(random_.below(2'500'000)));
        return;
    }
    next_ = now + pause_;
    pause_ = std::min(pause_ * 2, base::Duration(kLongestPause));
}

bool ControllingAgent::on_stun(base::Instant now, const net::Address& from, base::Bytes bytes) {
    const auto answer = stun::parse_message(bytes);
    if (!answer) return false;
    const auto asked = std::ranges::find_if(checks_, [&](const Check& check) {
        return check.id == answer->transaction_id && check.to == from;
    });
    if (asked == checks_.end()) return false;
    const Check check = *asked;
    if (answer->message_class == stun::Class::Error) ++rejected_;
    if (answer->message_class != stun::Class::Success) return true;
    if (!stun::verify_integrity(*answer, remote_.password)) return false;
    checks_.erase(asked);
    on_success(now, check, *answer);
    return true;
}

void ControllingAgent::on_success(base::Instant now, const Check& check,
                                  const stun::MessageView& answer) {
    answered_ = now;
    if (answer.xor_mapped_address) {
        reflexive_ = net::Address{answer.xor_mapped_address->ip, answer.xor_mapped_address->port};
    }
    if (check.nominates) {
        selected_ = check.to;
        nominated_ = true;
        state_ = State::Connected;
        pause_ = kFirstPause;
        schedule(now);
    } else if (!nominated_ && !valid_) {
        valid_ = check.to;
        pause_ = kFirstPause;
        next_ = now;
    } else if (state_ == State::Disconnected) {
        state_ = State::Connected;
        schedule(now);
    }
}

}  // namespace parley::sim
