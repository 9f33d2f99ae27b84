#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include <uv.h>

#include "common/cluster/mail.h"
#include "common/shell/fd.h"

// What goes between the loop and the AMQP thread.
namespace parley::shell {

// A message on its way out, with what the broker need not know.
struct AmqpLetter {
    cluster::Publish message;
    uint64_t settles = 0;    // a tag to acknowledge when this is confirmed
    std::string reason;      // why it is dead; a header
    std::string dead_queue;  // where it came from; a header
    base::Instant expires = base::Instant::never();

    size_t bytes() const { return message.body.size() + message.key.size() + 256; }
};

// --- to the thread

struct AmqpConsume {
    std::string queue;
    uint16_t prefetch;
};
struct AmqpCancel {
    std::string queue;
};
using AmqpOrder = std::variant<AmqpLetter, AmqpConsume, AmqpCancel, cluster::Acknowledge>;

// --- from it

struct AmqpUp {};
struct AmqpDown {
    std::string reason;
};
enum class AmqpFate : uint8_t { Confirmed, Returned, Expired };
struct AmqpDone {
    uint64_t id;
    size_t bytes;
    AmqpFate fate;
};
using AmqpReport = std::variant<AmqpUp, AmqpDown, AmqpDone, cluster::Delivery>;

// Belongs to both: whoever is the last lets go of it.
struct AmqpShared {
    std::mutex mutex;
    std::vector<AmqpOrder> orders;
    std::vector<AmqpReport> reports;
    uv_async_t* wake_loop = nullptr;  // nullptr when the loop's side has gone
    bool stopping = false;
    bool ended = false;
    Fd connection;  // a second descriptor of the socket: shutting it down ends any wait on it
    // When the thread entered the call that it is in, by the monotonic clock; 0 while it waits for
    // something to do. What no heartbeat ends, the loop's side does, by `connection`.
    std::atomic<int64_t> busy_since_ns = 0;
    std::atomic<bool> opening = false;  // which may take longer
    Fd wake;                            // an eventfd that wakes the thread
    Fd end;                             // an eventfd that says it has ended

    // Wakes the other side when there is something that it has not seen.
    void order(AmqpOrder order);
    void report(std::vector<AmqpReport>& reports);  // takes them all

    void begin_call();
    void end_calls() { busy_since_ns = 0; }
    std::chrono::nanoseconds in_call() const;  // for how long
    void break_connection();                   // whatever waits on it fails
};

}  // namespace parley::shell
