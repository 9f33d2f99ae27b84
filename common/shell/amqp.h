#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>

#include "common/base/result.h"
#include "common/cluster/mail.h"
#include "common/cluster/topology.h"
#include "common/shell/loop.h"

namespace parley::shell {

struct AmqpShared;
struct AmqpLetter;
struct AmqpDone;

// How the broker is found and how patient one is with it.
struct AmqpOptions {
    std::string url;           // amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps:// with a name
    std::string ca_file = {};  // amqps: whom to believe; "": whom the system believes
    std::string certificate_file = {}, key_file = {};  // amqps: who we are, PEM; "": nobody
    std::string name = {};  // for people who look at the broker's connections
    cluster::Topology topology = {};
    size_t window = 256;  // messages that were sent and are not confirmed yet
    size_t outbox_messages = 100'000;
    size_t outbox_bytes = 64 * 1024 * 1024;
    base::Duration heartbeat = 5s;  // a broker is gone after two or three without a sign of life
    base::Duration least_wait = 200ms, most_wait = 3s;  // between tries to connect
    base::Duration refused_wait = 30s;  // after the broker said no: waiting alone mends nothing
};

struct AmqpCounts {
    uint64_t published = 0, confirmed = 0, delivered = 0, connections = 0;
    uint64_t dropped_full = 0;     // the outbox was full
    uint64_t dropped_expired = 0;  // waited longer than they were of use
};

// RabbitMQ, from a loop that never waits for it: rabbitmq-c blocks, for a minute when the broker is
// stopped, so that it runs on a thread of its own. It connects again for as long as it takes.
//
// What is published is kept until the broker confirms it, and sent again in the same order when
// the connection broke before: everything comes at least once, if it comes.
class AmqpClient {
public:
    // All are called on the loop, never from inside a call of this class.
    struct Events {
        std::function<void()> on_up;
        // The connection ended, or could not be made; said again only for another reason.
        std::function<void(const std::string& reason)> on_down;
        std::function<void(cluster::Delivery&&)> on_delivery;
        std::function<void(uint64_t id)> on_confirmed;  // what had an id is the broker's now
        std::function<void(uint64_t id)> on_returned;   // mandatory, and no queue took it
    };

    // The error says what is wrong with the URL. Files are read when it connects.
    static base::Result<std::unique_ptr<AmqpClient>, std::string> start(Loop& loop,
                                                                        AmqpOptions options,
                                                                        Events events);
    // Sends and awaits confirmations for half a second, and is gone within one, whatever the broker
    // does.
    ~AmqpClient();
    AmqpClient(const AmqpClient&) = delete;

    // False when the outbox is full: the message is dropped, and counted.
    bool publish(cluster::Publish message);

    // REQUIRES: a queue of the topology. With `prefetch` 0 nothing need be acknowledged; else at
    // most so many deliveries of this queue are unsettled at a time.
    void consume(const std::string& queue, uint16_t prefetch);
    // What was delivered before may still come, and may still be settled.
    void cancel(const std::string& queue);

    // Tags of an earlier connection are passed over: what they named is delivered again.
    void acknowledge(cluster::Acknowledge tag);
    void reject(cluster::Reject rejection);

    bool up() const { return up_; }
    size_t waiting() const { return waiting_; }  // published and not confirmed
    size_t waiting_bytes() const { return waiting_bytes_; }
    size_t unsettled() const { return unsettled_.size(); }  // delivered
    const AmqpCounts& counts() const { return counts_; }

private:
    AmqpClient(Loop& loop, const AmqpOptions& options, Events events);

    bool post(AmqpLetter&& letter);
    void on_reports();
    void watch(base::Instant now);
    void on_done(const AmqpDone& done);
    void on_up();
    void on_down(const std::string& reason);
    void on_delivery(cluster::Delivery&& delivery);

    Loop& loop_;
    Events events_;
    std::shared_ptr<AmqpShared> shared_;
    std::thread thread_;
    std::string dead_letters_;
    size_t outbox_messages_, outbox_bytes_;
    base::Duration heartbeat_;
    UvHandle<uv_async_t> wake_;
    Timer watch_;
    bool up_ = false;
    size_t waiting_ = 0, waiting_bytes_ = 0;
    AmqpCounts counts_;
    // Unsettled: what is rejected goes to kDead from here, with the reason.
    std::unordered_map<uint64_t, cluster::Delivery> unsettled_;
};

}  // namespace parley::shell
