#include "common/shell/amqp_mail.h"

#include <sys/eventfd.h>
#include <sys/socket.h>

namespace parley::shell {

namespace {

std::chrono::nanoseconds monotonic() {
    return std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace

void AmqpShared::order(AmqpOrder order) {
    const std::lock_guard lock(mutex);
    orders.push_back(std::move(order));
    if (orders.size() == 1) eventfd_write(wake.get(), 1);
}

void AmqpShared::report(std::vector<AmqpReport>& taken) {
    if (taken.empty()) return;
    const std::lock_guard lock(mutex);
    for (AmqpReport& report : taken) reports.push_back(std::move(report));
    taken.clear();
    if (wake_loop) uv_async_send(wake_loop);
}

void AmqpShared::begin_call() {
    busy_since_ns = monotonic().count();
}

std::chrono::nanoseconds AmqpShared::in_call() const {
    const int64_t since = busy_since_ns;
    return since == 0 ? 0ns : monotonic() - std::chrono::nanoseconds(since);
}

void AmqpShared::break_connection() {
    const std::lock_guard lock(mutex);
    if (connection) shutdown(connection.get(), SHUT_RDWR);
}

}  // namespace parley::shell
