#include "router-service/scale.h"

#include <algorithm>
#include <cmath>

#include "common/json/json.h"

namespace parley::router_service {

namespace {

// Samples that are nearer to each other than this tell nothing new.
constexpr Duration kSampleInterval = 5s;
// Growth is measured over this: shorter is noise, longer misses the evening.
constexpr Duration kGrowthOver = 60s;

double seconds(Duration duration) {
    return static_cast<double>(duration.count()) / 1e6;
}

}  // namespace

ScaleSample sample_of(const Picture& picture) {
    ScaleSample sample;
    for (const ServerIndex at : picture.servers().all()) {
        const Server& server = picture.servers()[at];
        if (server.standing == Standing::Lost || !server.known) continue;
        sample.load += server.predicted_load();
        if (server.leaving) continue;
        ++sample.present;
        if (server.state == cluster::ServerState::Drained) ++sample.drained;
        if (server.state != cluster::ServerState::Up) continue;
        ++sample.taking;
        sample.capacity += server.load.capacity;
    }
    return sample;
}

void Scale::on_sample(Instant now, const ScaleSample& sample) {
    signal_.known = true;
    if (began_at_.is_never()) began_at_ = now;
    signal_.sample = sample;
    signal_.expected = expected_load(now, sample.load);
    signal_.needed = servers_for(signal_.expected, sample);
    if (past_.empty() || now - last_at_ >= kSampleInterval) {
        past_.push_back({now, sample.load, signal_.needed});
        last_at_ = now;
    }
    while (!past_.empty() && past_.front().at + rules_.hold < now) past_.pop_front();
    const uint32_t enough = std::max(signal_.needed, most_needed_lately());
    const uint32_t not_drained = sample.present - sample.drained;
    const bool patient = now - began_at_ >= rules_.hold;
    signal_.surplus = patient && not_drained > enough ? not_drained - enough : 0;
    // Whoever drains carries nothing more, and is counted by whoever counts servers all the same.
    const uint32_t idle = sample.present - sample.taking;
    signal_.wanted = std::max(enough > sample.taking ? enough + idle : enough, not_drained);
    if (rules_.most > 0) {
        // Nobody who is there and not drained is asked away, not even by the limit.
        signal_.wanted = std::max(std::min(signal_.wanted, rules_.most), not_drained);
    }
}

double Scale::expected_load(Instant now, double load) {
    const auto then =
        std::ranges::find_if(past_, [&](const Past& past) { return past.at + kGrowthOver >= now; });
    if (then == past_.end() || now - then->at < kSampleInterval) return load;
    const double growth = (load - then->load) / seconds(now - then->at);
    return load + std::max(0.0, growth) * seconds(rules_.warm_up);
}

uint32_t Scale::servers_for(double load, const ScaleSample& sample) const {
    uint32_t servers = rules_.least;
    if (sample.taking > 0 && sample.capacity > 0) {
        const double each = sample.capacity / sample.taking * rules_.target;
        const double wanted = std::ceil(load / each);
        servers = std::max(servers, static_cast<uint32_t>(std::min(wanted, 1e6)));
    }
    return rules_.most > 0 ? std::min(servers, std::max(rules_.most, rules_.least)) : servers;
}

uint32_t Scale::most_needed_lately() const {
    uint32_t most = 0;
    for (const Past& past : past_) most = std::max(most, past.needed);
    return most;
}

std::string scale_json(const ScaleSignal& signal) {
    JsonWriter json;
    return json.object()
        .number("wanted", signal.wanted)
        .number("needed", signal.needed)
        .number("surplus", signal.surplus)
        .number("present", signal.sample.present)
        .number("drained", signal.sample.drained)
        .number("taking", signal.sample.taking)
        .real("load", signal.sample.load)
        .real("expected", signal.expected)
        .real("capacity", signal.sample.capacity)
        .flag("known", signal.known)
        .end_object()
        .take();
}

}  // namespace parley::router_service
