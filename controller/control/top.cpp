#include "controller/control/top.h"

#include <algorithm>
#include <cstdio>

#include "common/base/ensure.h"
#include "controller/control/tables.h"
#include "controller/views.h"

namespace parley::controller::control {

namespace {

constexpr size_t kSamples = 4;  // three seconds: the server's own counts are a second old at most

uint64_t drops_of(const WorkerInfo& worker) {
    uint64_t sum = 0;
    for (const auto& [name, count] : worker.drops) sum += count;
    return sum;
}

std::string percent_text(double percent) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", percent);
    return text;
}

}  // namespace

void Top::on_sample(Instant now, std::vector<WorkerInfo> workers) {
    samples_.push_back({now, std::move(workers)});
    if (samples_.size() > kSamples) samples_.pop_front();
}

std::vector<Top::Rates> Top::rates() const {
    ENSURE(samples_.size() >= 2);
    const Sample& last = samples_.back();
    std::vector<Rates> rows;
    Rates sum;
    for (const WorkerInfo& now : last.workers) {
        Rates row{.worker = &now, .rooms = now.rooms, .transports = now.transports};
        // Since the oldest sample of the same process: one that was started again counts from 0.
        for (const Sample& sample : samples_) {
            const auto then =
                std::find_if(sample.workers.begin(), sample.workers.end(), [&](const auto& w) {
                    return w.index == now.index && w.pid == now.pid && w.cpu_ns <= now.cpu_ns;
                });
            const double seconds = static_cast<double>((last.at - sample.at).count()) / 1e6;
            if (then == sample.workers.end() || seconds <= 0) continue;
            const auto rate = [&](uint64_t from, uint64_t to) {
                return to < from ? 0 : static_cast<double>(to - from) / seconds;
            };
            row.cpu_percent = rate(then->cpu_ns, now.cpu_ns) / 1e7;
            row.packets_in = rate(then->packets_received, now.packets_received);
            row.packets_out = rate(then->packets_sent, now.packets_sent);
            row.bits_out = 8 * rate(then->bytes_sent, now.bytes_sent);
            row.drops = rate(drops_of(*then), drops_of(now));
            break;
        }
        sum.rooms += row.rooms;
        sum.transports += row.transports;
        sum.cpu_percent += row.cpu_percent;
        sum.packets_in += row.packets_in;
        sum.packets_out += row.packets_out;
        sum.bits_out += row.bits_out;
        sum.drops += row.drops;
        rows.push_back(row);
    }
    rows.push_back(sum);
    return rows;
}

std::string Top::text() const {
    std::vector<std::vector<std::string>> rows = {{"WORKER", "STATE", "CPU%", "ROOMS", "TRANSPORTS",
                                                   "IN PKT/S", "OUT PKT/S", "OUT BIT/S",
                                                   "DROPS/S"}};
    for (const Rates& row : rates()) {
        rows.push_back(
            {row.worker ? std::to_string(row.worker->index) : "all",
             row.worker ? worker_state_text(row.worker->state) : "", percent_text(row.cpu_percent),
             std::to_string(row.rooms), std::to_string(row.transports), amount_text(row.packets_in),
             amount_text(row.packets_out), amount_text(row.bits_out), amount_text(row.drops)});
    }
    return columns(rows);
}

std::string Top::json() const {
    JsonWriter json;
    json.array();
    for (const Rates& row : rates()) {
        json.object().key("worker");
        row.worker ? json.number(uint64_t{row.worker->index}) : json.null();
        json.real("cpuPercent", row.cpu_percent)
            .number("rooms", row.rooms)
            .number("transports", row.transports)
            .real("packetsInPerSecond", row.packets_in)
            .real("packetsOutPerSecond", row.packets_out)
            .real("bitsOutPerSecond", row.bits_out)
            .real("dropsPerSecond", row.drops)
            .end_object();
    }
    json.end_array();
    return json.take() + "\n";
}

}  // namespace parley::controller::control
