#include "common/shell/amqp_thread.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>

namespace parley::shell {

namespace {

constexpr base::Duration kFarewell = 500ms;  // for what is still to be confirmed
constexpr base::Duration kHeld = 5s;         // a connection that lasts so long was a good one
constexpr int kTagBits = 40;                 // deliveries of one connection
constexpr size_t kSendsAtOnce = 64;          // before it is listened again

}  // namespace

AmqpThread::AmqpThread(AmqpOptions options, std::shared_ptr<AmqpShared> shared)
    : options_(std::move(options)), shared_(std::move(shared)) {}

bool AmqpThread::stopping() {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->stopping && stop_at_.is_never()) stop_at_ = clock_.now() + kFarewell;
    return shared_->stopping;
}

std::vector<AmqpOrder> AmqpThread::take_orders() {
    const std::lock_guard lock(shared_->mutex);
    return std::exchange(shared_->orders, {});
}

void AmqpThread::run() {
    while (!stopping()) {
        const base::Instant begun = clock_.now();
        const AmqpStatus status = serve();
        if (status) break;  // it was asked to stop, and all is said
        if (clock_.now() - begun >= kHeld) tries_ = 0;
        fall(status.error());
        await_next_try(next_wait(status.error()));
    }
    const std::lock_guard lock(shared_->mutex);
    shared_->connection = Fd();
    shared_->ended = true;
    eventfd_write(shared_->end.get(), 1);
}

AmqpStatus AmqpThread::open() {
    shared_->begin_call();
    shared_->opening = true;
    auto connection = AmqpConnection::open(options_, random_.text(8), *shared_);
    if (!connection) return base::Err{connection.error()};
    connection_ = std::move(*connection);
    ++generation_;
    last_number_ = 0;
    for (const auto& [queue, prefetch] : consumed_) {
        if (auto status = connection_->consume(queue, prefetch); !status) return status;
    }
    shared_->opening = false;
    reports_.push_back(AmqpUp{});
    said_.clear();
    return base::Unit{};
}

// Connects and works until something fails, or until it is to stop.
AmqpStatus AmqpThread::serve() {
    if (auto status = open(); !status) return status;
    while (true) {
        if (auto status = work(); !status) return status;
        shared_->report(reports_);
        if (!stopping()) {
            sleep(options_.heartbeat / 2);
            continue;
        }
        const bool all_said = outbox_.empty() && sent_.empty();
        if (all_said || clock_.now() >= stop_at_) break;
        sleep(stop_at_ - clock_.now());
    }
    connection_->close();
    connection_.reset();
    return base::Unit{};
}

AmqpStatus AmqpThread::work() {
    if (auto status = carry_out(take_orders()); !status) return status;
    if (auto status = send(); !status) return status;
    return hear();  // last: what came in while it sent is in rabbitmq-c, and wakes nobody
}

AmqpStatus AmqpThread::carry_out(std::vector<AmqpOrder> orders) {
    // All letters are taken over first: a failure half-way must not lose any.
    for (AmqpOrder& order : orders) {
        if (auto* letter = std::get_if<AmqpLetter>(&order)) outbox_.push_back(std::move(*letter));
        if (auto* consume = std::get_if<AmqpConsume>(&order)) {
            // What is consumed already, since the connection was made again, is not asked twice.
            const bool is_new =
                consumed_.insert_or_assign(consume->queue, consume->prefetch).second;
            if (!is_new) consume->queue.clear();
        }
        if (auto* cancel = std::get_if<AmqpCancel>(&order)) consumed_.erase(cancel->queue);
    }
    if (!connection_) return base::Unit{};
    for (const AmqpOrder& order : orders) {
        AmqpStatus status = base::Unit{};
        shared_->begin_call();
        if (const auto* consume = std::get_if<AmqpConsume>(&order)) status = carry_out(*consume);
        if (const auto* cancel = std::get_if<AmqpCancel>(&order)) status = carry_out(*cancel);
        if (const auto* ack = std::get_if<cluster::Acknowledge>(&order)) {
            status = acknowledge(ack->tag);
        }
        if (!status) return status;
    }
    return base::Unit{};
}

AmqpStatus AmqpThread::carry_out(const AmqpConsume& consume) {
    if (consume.queue.empty()) return base::Unit{};
    return connection_->consume(consume.queue, consume.prefetch);
}

AmqpStatus AmqpThread::carry_out(const AmqpCancel& cancel) {
    return connection_->cancel(cancel.queue);
}

AmqpStatus AmqpThread::acknowledge(uint64_t tag) {
    if (tag >> kTagBits != generation_) return base::Unit{};
    return connection_->acknowledge(tag & ((uint64_t{1} << kTagBits) - 1));
}

AmqpStatus AmqpThread::send() {
    for (size_t i = 0; !outbox_.empty() && sent_.size() < options_.window; ++i) {
        if (outbox_.front().expires <= clock_.now()) {
            const AmqpLetter expired = std::move(outbox_.front());
            outbox_.pop_front();
            if (auto status = settle(expired, AmqpFate::Expired); !status) return status;
            continue;
        }
        // It counts as sent before it is: what became of half a message nobody knows.
        sent_.push_back({++last_number_, std::move(outbox_.front())});
        outbox_.pop_front();
        shared_->begin_call();
        if (auto status = connection_->publish(sent_.back().letter); !status) return status;
        if (i % kSendsAtOnce == kSendsAtOnce - 1) {
            if (auto status = hear(); !status) return status;
        }
    }
    return base::Unit{};
}

AmqpStatus AmqpThread::hear() {
    while (true) {
        shared_->begin_call();
        auto input = connection_->read();
        if (!input) return base::Err{input.error()};
        if (!*input) return base::Unit{};
        if (auto status = hear(std::move(**input)); !status) return status;
    }
}

AmqpStatus AmqpThread::hear(AmqpInput input) {
    if (auto* arrival = std::get_if<AmqpArrival>(&input)) {
        const auto found = consumed_.find(arrival->delivery.queue);
        const bool settled = found != consumed_.end() && found->second == 0;
        if (!settled) arrival->delivery.tag = generation_ << kTagBits | arrival->number;
        reports_.push_back(std::move(arrival->delivery));
    } else if (auto* returned = std::get_if<AmqpReturn>(&input)) {
        returned_.insert(std::move(returned->id));
    } else {
        return on_confirm(std::get<AmqpConfirm>(input));
    }
    return base::Unit{};
}

AmqpStatus AmqpThread::on_confirm(const AmqpConfirm& confirm) {
    if (!confirm.taken) return base::Err{AmqpFailure{"the broker could not keep a message"}};
    for (auto it = sent_.begin(); it != sent_.end() && it->number <= confirm.number;) {
        if (it->number < confirm.number && !confirm.all_before) {
            ++it;
            continue;
        }
        const AmqpLetter letter = std::move(it->letter);
        it = sent_.erase(it);
        const bool returned = returned_.erase(std::to_string(letter.message.id)) > 0;
        const AmqpFate fate = returned ? AmqpFate::Returned : AmqpFate::Confirmed;
        if (auto status = settle(letter, fate); !status) return status;
    }
    return base::Unit{};
}

AmqpStatus AmqpThread::settle(const AmqpLetter& letter, AmqpFate fate) {
    reports_.push_back(AmqpDone{letter.message.id, letter.bytes(), fate});
    return letter.settles != 0 ? acknowledge(letter.settles) : base::Unit{};
}

// The connection is no more. What it had not confirmed goes first on the next.
void AmqpThread::fall(const AmqpFailure& failure) {
    connection_.reset();
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->connection = Fd();
    }
    for (; !sent_.empty(); sent_.pop_back()) outbox_.push_front(std::move(sent_.back().letter));
    returned_.clear();
    ++tries_;
    if (failure.reason != said_) reports_.push_back(AmqpDown{failure.reason});
    said_ = failure.reason;
    shared_->report(reports_);
}

base::Duration AmqpThread::next_wait(const AmqpFailure& failure) {
    const uint32_t doublings = std::min<uint32_t>(tries_ - 1, 16);
    const base::Duration wait =
        failure.refused ? options_.refused_wait
                        : std::min(options_.least_wait * (1 << doublings), options_.most_wait);
    // By half to one and a half: a thousand servers do not come back at once.
    return std::chrono::duration_cast<base::Duration>(wait * (0.5 + random_.unit()));
}

void AmqpThread::await_next_try(base::Duration wait) {
    const base::Instant until = clock_.now() + wait;
    while (!stopping() && clock_.now() < until) {
        sleep(until - clock_.now());
        carry_out(take_orders()).ok();  // without a connection they are only noted
    }
}

void AmqpThread::sleep(base::Duration most) {
    shared_->end_calls();
    pollfd watched[2] = {{shared_->wake.get(), POLLIN, 0},
                         {connection_ ? connection_->fd() : -1, POLLIN, 0}};
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(most).count();
    poll(watched, 2, static_cast<int>(std::max<int64_t>(wait, 0)));
    eventfd_t count;
    if (watched[0].revents & POLLIN) eventfd_read(shared_->wake.get(), &count);
}

}  // namespace parley::shell
