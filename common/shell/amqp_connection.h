#pragma once

#include <amqp.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/cluster/mail.h"
#include "common/shell/amqp.h"
#include "common/shell/amqp_mail.h"

namespace parley::shell {

// The header of a message that names its trace.
constexpr std::string_view kTraceparent = "traceparent";

// Why a connection could not be made or is no more.
struct AmqpFailure {
    std::string reason;    // never holds the password
    bool refused = false;  // the broker said no: trying again soon mends nothing
};
using AmqpStatus = base::Status<AmqpFailure>;

// What the broker said, one at a time.
struct AmqpConfirm {
    uint64_t number;  // of the message on this connection, from 1
    bool all_before;  // those before it as well
    bool taken;       // false: the broker could not keep it
};
struct AmqpReturn {
    std::string id;
};
struct AmqpArrival {
    uint64_t number;  // to acknowledge it by; 0: nothing to acknowledge
    cluster::Delivery delivery;
};
using AmqpInput = std::variant<AmqpConfirm, AmqpReturn, AmqpArrival>;

// One connection of rabbitmq-c with one channel in confirm mode. Every call may block, for at most
// two heartbeats. After a failure it is of no use any more.
class AmqpConnection {
public:
    // Connects, logs in, declares the topology. `suffix` tells temporary queues of one connection
    // from those of another. `on_socket` is told the descriptor as soon as there is one.
    static base::Result<std::unique_ptr<AmqpConnection>, AmqpFailure> open(
        const AmqpOptions& options, const std::string& suffix, AmqpShared& shared);
    ~AmqpConnection();

    int fd() const;

    AmqpStatus publish(const AmqpLetter& letter);
    AmqpStatus acknowledge(uint64_t number);
    AmqpStatus consume(const std::string& queue, uint16_t prefetch);
    AmqpStatus cancel(const std::string& queue);

    // What has come, or nothing when all of it has been read. Keeps the heartbeat.
    base::Result<std::optional<AmqpInput>, AmqpFailure> read();

    void close();  // says good-bye

private:
    AmqpConnection(const AmqpOptions& options, const std::string& suffix);

    AmqpStatus connect(AmqpShared& shared);
    AmqpStatus log_in();
    AmqpStatus declare();
    AmqpStatus declare(const cluster::Queue& queue);
    base::Result<amqp_socket_t*, AmqpFailure> new_tls_socket();
    base::Result<std::optional<AmqpInput>, AmqpFailure> read_frame();
    base::Result<std::optional<AmqpInput>, AmqpFailure> read_return();

    std::string real_name(const std::string& queue) const;
    AmqpStatus check(amqp_rpc_reply_t reply, const std::string& what);
    AmqpStatus check_last(const std::string& what);

    const AmqpOptions& options_;
    std::string suffix_;
    amqp_connection_state_t state_;
};

}  // namespace parley::shell
