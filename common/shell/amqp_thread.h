#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/shell/amqp.h"
#include "common/shell/amqp_connection.h"
#include "common/shell/amqp_mail.h"
#include "common/shell/clock.h"
#include "common/shell/random.h"

namespace parley::shell {

// What runs on the AMQP thread: keeps a connection, carries out orders, reports.
class AmqpThread {
public:
    AmqpThread(AmqpOptions options, std::shared_ptr<AmqpShared> shared);

    void run();  // until the loop's side wants it to stop

private:
    struct Sent {
        uint64_t number;  // on this connection
        AmqpLetter letter;
    };

    AmqpStatus open();
    AmqpStatus serve();
    AmqpStatus work();
    AmqpStatus carry_out(std::vector<AmqpOrder> orders);
    AmqpStatus carry_out(const AmqpConsume& consume);
    AmqpStatus carry_out(const AmqpCancel& cancel);
    AmqpStatus acknowledge(uint64_t tag);
    AmqpStatus send();
    AmqpStatus hear();
    AmqpStatus hear(AmqpInput input);
    AmqpStatus on_confirm(const AmqpConfirm& confirm);
    AmqpStatus settle(const AmqpLetter& letter, AmqpFate fate);

    void fall(const AmqpFailure& failure);
    void await_next_try(base::Duration wait);
    base::Duration next_wait(const AmqpFailure& failure);
    void sleep(base::Duration most);  // until the loop's side or the broker says something
    std::vector<AmqpOrder> take_orders();
    bool stopping();

    AmqpOptions options_;
    std::shared_ptr<AmqpShared> shared_;
    Clock clock_;
    SystemRandom random_;

    std::unique_ptr<AmqpConnection> connection_;
    uint64_t generation_ = 0;  // of connections
    uint64_t last_number_ = 0;
    std::deque<AmqpLetter> outbox_;   // not sent on this connection
    std::deque<Sent> sent_;           // not confirmed, in the order of their numbers
    std::set<std::string> returned_;  // ids of messages whose confirmations come next
    std::map<std::string, uint16_t> consumed_;
    std::vector<AmqpReport> reports_;
    uint32_t tries_ = 0;  // in vain, since a connection held
    std::string said_;    // the last reason told
    base::Instant stop_at_ = base::Instant::never();
};

}  // namespace parley::shell
