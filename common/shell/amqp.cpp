#include "common/shell/amqp.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <thread>

#include "common/base/ensure.h"
#include "common/shell/amqp_mail.h"
#include "common/shell/amqp_thread.h"
#include "common/shell/amqp_url.h"

namespace parley::shell {

namespace {

constexpr size_t kNameBytes = 255;         // of a short string, AMQP 0-9-1 §4.2.5.3
constexpr size_t kReasonBytes = 1024;      // of a header
constexpr base::Duration kOpenWait = 30s;  // a quorum queue on a busy broker takes its time
constexpr int kEndWait = 800;              // ms, for the thread to say good-bye
constexpr int kBrokenWait = 150;           // ms, once its socket has been shut down

template <typename... Ts>
struct Cases : Ts... {
    using Ts::operator()...;
};

bool has_ended(AmqpShared& shared, int wait) {
    pollfd end{shared.end.get(), POLLIN, 0};
    return poll(&end, 1, wait) > 0;
}

}  // namespace

base::Result<std::unique_ptr<AmqpClient>, std::string> AmqpClient::start(Loop& loop,
                                                                         AmqpOptions options,
                                                                         Events events) {
    const auto url = parse_amqp_url(options.url);
    if (!url) return base::Err{std::string("no amqp:// or amqps:// URL")};
    if (url->user.empty() && !(url->tls && !options.certificate_file.empty())) {
        return base::Err{std::string("the URL wants USER:PASSWORD, or a certificate of ours")};
    }
    std::unique_ptr<AmqpClient> client(new AmqpClient(loop, options, std::move(events)));
    client->thread_ = std::thread([options = std::move(options), shared = client->shared_] {
        AmqpThread(options, shared).run();
    });
    return client;
}

AmqpClient::AmqpClient(Loop& loop, const AmqpOptions& options, Events events)
    : loop_(loop),
      events_(std::move(events)),
      shared_(std::make_shared<AmqpShared>()),
      dead_letters_(options.topology.dead_letters),
      outbox_messages_(options.outbox_messages),
      outbox_bytes_(options.outbox_bytes),
      heartbeat_(options.heartbeat),
      wake_(this),
      watch_(loop, [this](base::Instant now) { watch(now); }) {
    shared_->wake = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    shared_->end = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    ENSURE(shared_->wake && shared_->end);
    uv_async_init(loop.uv(), wake_.get(),
                  [](uv_async_t* handle) { static_cast<AmqpClient*>(handle->data)->on_reports(); });
    shared_->wake_loop = wake_.get();
    watch_.set(loop.now() + heartbeat_);
}

// rabbitmq-c waits for a broker that stands still for as long as its socket is full, whatever the
// heartbeat says.
void AmqpClient::watch(base::Instant now) {
    const base::Duration most = shared_->opening ? kOpenWait : 3 * heartbeat_;
    if (shared_->in_call() > most) shared_->break_connection();
    watch_.set(now + heartbeat_);
}

AmqpClient::~AmqpClient() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->wake_loop = nullptr;
        shared_->stopping = true;
        eventfd_write(shared_->wake.get(), 1);
    }
    bool ended = has_ended(*shared_, kEndWait);
    if (!ended) shared_->break_connection();
    ended = ended || has_ended(*shared_, kBrokenWait);
    // Looking a name up can not be interrupted. What the thread touches is its own, so it may end
    // when it likes.
    ended ? thread_.join() : thread_.detach();
}

bool AmqpClient::publish(cluster::Publish message) {
    ENSURE(message.exchange.size() <= kNameBytes && message.key.size() <= kNameBytes);
    ENSURE(message.reply_to.size() <= kNameBytes && message.correlation_id.size() <= kNameBytes);
    AmqpLetter letter;
    letter.message = std::move(message);
    return post(std::move(letter));
}

bool AmqpClient::post(AmqpLetter&& letter) {
    if (waiting_ >= outbox_messages_ || waiting_bytes_ + letter.bytes() > outbox_bytes_) {
        ++counts_.dropped_full;
        return false;
    }
    if (letter.message.expiration) letter.expires = loop_.now() + *letter.message.expiration;
    ++waiting_;
    waiting_bytes_ += letter.bytes();
    ++counts_.published;
    shared_->order(std::move(letter));
    return true;
}

void AmqpClient::consume(const std::string& queue, uint16_t prefetch) {
    shared_->order(AmqpConsume{queue, prefetch});
}

void AmqpClient::cancel(const std::string& queue) {
    shared_->order(AmqpCancel{queue});
}

void AmqpClient::acknowledge(cluster::Acknowledge tag) {
    if (unsettled_.erase(tag.tag) > 0) shared_->order(tag);
}

void AmqpClient::reject(cluster::Reject rejection) {
    const auto found = unsettled_.find(rejection.tag);
    if (found == unsettled_.end()) return;
    AmqpLetter letter;
    letter.message.exchange = dead_letters_;
    letter.message.key = found->second.key;
    letter.message.body = std::move(found->second.body);
    letter.message.correlation_id = std::move(found->second.correlation_id);
    letter.dead_queue = std::move(found->second.queue);
    letter.reason = rejection.reason.substr(0, kReasonBytes);
    letter.settles = rejection.tag;
    unsettled_.erase(found);
    post(std::move(letter));  // when even this is too much, it is delivered again one day
}

void AmqpClient::on_reports() {
    std::vector<AmqpReport> reports;
    {
        const std::lock_guard lock(shared_->mutex);
        reports.swap(shared_->reports);
    }
    for (AmqpReport& report : reports) {
        std::visit(Cases{[&](const AmqpUp&) { on_up(); },
                         [&](const AmqpDown& down) { on_down(down.reason); },
                         [&](const AmqpDone& done) { on_done(done); },
                         [&](cluster::Delivery& delivery) { on_delivery(std::move(delivery)); }},
                   report);
    }
}

void AmqpClient::on_up() {
    up_ = true;
    ++counts_.connections;
    if (events_.on_up) events_.on_up();
}

void AmqpClient::on_down(const std::string& reason) {
    up_ = false;
    unsettled_.clear();  // all of it is delivered again
    if (events_.on_down) events_.on_down(reason);
}

void AmqpClient::on_delivery(cluster::Delivery&& delivery) {
    ++counts_.delivered;
    if (delivery.tag != 0) unsettled_.emplace(delivery.tag, delivery);
    if (events_.on_delivery) events_.on_delivery(std::move(delivery));
}

void AmqpClient::on_done(const AmqpDone& done) {
    --waiting_;
    waiting_bytes_ -= done.bytes;
    if (done.fate == AmqpFate::Expired) ++counts_.dropped_expired;
    if (done.fate == AmqpFate::Confirmed) ++counts_.confirmed;
    if (done.id == 0) return;
    if (done.fate == AmqpFate::Returned && events_.on_returned) events_.on_returned(done.id);
    if (done.fate == AmqpFate::Confirmed && events_.on_confirmed) events_.on_confirmed(done.id);
}

}  // namespace parley::shell
