#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/base/time.h"
#include "worker/ice/credentials.h"
#include "worker/net/address.h"
#include "worker/stun/message.h"

namespace parley::sim {

// What a browser's ICE does towards a lite agent: checks each candidate, nominates the first that
// answers, and asks for consent every 2.5 to 5 s from then on. RFC 8445 §7, §8.1.1, RFC 7675.
class ControllingAgent {
public:
    // When a check says USE-CANDIDATE. Regular: a path is checked plainly first, and from its
    // nomination on every check nominates, as Chromium does towards a lite agent. Aggressive: every
    // check does, as Firefox's. Once: the nomination alone, as RFC 8445 §8.1.1 has it.
    enum class Nomination : uint8_t { Regular, Aggressive, Once };

    enum class State : uint8_t { New, Checking, Connected, Disconnected, Failed };

    static constexpr base::Duration kDisconnected = 6s;  // without any answer
    static constexpr base::Duration kFailed = 30s;

    using Send = std::function<void(const net::Address& to, base::Bytes bytes)>;

    ControllingAgent(base::SeededRandom random, Nomination nomination, Send send);

    // Begins, or begins anew after an ICE restart; what was selected stays so until the next one.
    void start(base::Instant now, ice::Credentials remote, std::vector<net::Address> candidates);

    // What it is reached at changed, and it knows: it checks and nominates again at once.
    void on_new_address(base::Instant now);

    // An answer that came in from `from`. False: it answers nothing that was asked.
    bool on_stun(base::Instant now, const net::Address& from, base::Bytes bytes);

    void on_deadline(base::Instant now);
    base::Instant next_deadline() const { return next_; }

    State state() const { return state_; }
    std::optional<net::Address> selected() const { return selected_; }
    const ice::Credentials& local() const { return local_; }
    std::optional<net::Address> reflexive() const { return reflexive_; }  // as the peer sees it
    uint64_t rejected() const { return rejected_; }  // error answers

private:
    struct Check {
        stun::TransactionId id;
        net::Address to;
        bool nominates;
        base::Instant sent;
    };

    void check(base::Instant now, const net::Address& to, bool nominates);
    void schedule(base::Instant now);
    void on_success(base::Instant now, const Check& check, const stun::MessageView& answer);

    base::SeededRandom random_;
    Nomination nomination_;
    Send send_;
    ice::Credentials local_;
    ice::Credentials remote_;
    uint64_t tie_breaker_;
    std::vector<net::Address> candidates_;
    std::vector<Check> checks_;  // unanswered
    State state_ = State::New;
    std::optional<net::Address> valid_;     // answered, to be nominated
    std::optional<net::Address> selected_;
    std::optional<net::Address> reflexive_;
    bool nominated_ = false;
    base::Instant answered_;                // the latest answer
    base::Instant next_ = base::Instant::never();
    base::Duration pause_ = 50ms;           // to the next check, while there is no answer
    uint64_t rejected_ = 0;
};

}  // namespace parley::sim
