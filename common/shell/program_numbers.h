#pragma once

#include "common/shell/amqp.h"
#include "common/shell/usage.h"
#include "common/web/program_numbers.h"

// What a program's metrics tell of its process and of its connection to the broker.
namespace parley::shell {

inline web::ProcessNumbers process_numbers(base::Instant started) {
    const ProcessUsage usage = process_usage();
    return {started, usage.cpu_ns, usage.resident_bytes};
}

inline web::BrokerNumbers broker_numbers(const AmqpClient& amqp) {
    const AmqpCounts& counts = amqp.counts();
    return {.up = amqp.up(),
            .waiting = amqp.waiting(),
            .waiting_bytes = amqp.waiting_bytes(),
            .unsettled = amqp.unsettled(),
            .published = counts.published,
            .confirmed = counts.confirmed,
            .delivered = counts.delivered,
            .connections = counts.connections,
            .dropped_full = counts.dropped_full,
            .dropped_expired = counts.dropped_expired};
}

}  // namespace parley::shell
