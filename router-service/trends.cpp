#include "router-service/trends.h"

#include <cmath>

namespace parley::router_service {

namespace {

// Two digits: a hundredth of a core is nothing on a chart of a fleet.
double rounded(float value) {
    return std::round(double{value} * 100) / 100;
}

uint32_t people_of(const Picture& picture) {
    uint32_t people = 0;
    for (const ServerIndex at : picture.servers().all()) {
        const Server& server = picture.servers()[at];
        if (server.standing != Standing::Lost) people += server.load.peers;
    }
    return people;
}

}  // namespace

bool Trends::on_sample(Instant now, const Picture& picture, const ScaleSignal& scale,
                       uint64_t version) {
    if (size_ > 0 && now - (*this)[size_ - 1].at < kInterval) return false;
    if (size_ == kMost) {
        first_ = (first_ + 1) % kMost;
        --size_;
    }
    looks_[(first_ + size_++) % kMost] = {.at = now,
                                          .load = static_cast<float>(scale.sample.load),
                                          .capacity = static_cast<float>(scale.sample.capacity),
                                          .expected = static_cast<float>(scale.expected),
                                          .people = people_of(picture),
                                          .rooms = static_cast<uint32_t>(picture.rooms().size()),
                                          .present = scale.sample.present,
                                          .wanted = scale.wanted,
                                          .version = version};
    return true;
}

void Trends::write(JsonWriter& json, uint64_t since) const {
    json.array();
    for (size_t at = 0; at < size_; ++at) {
        const Look& look = (*this)[at];
        if (look.version <= since) continue;
        json.array().number(int64_t{look.at.micros() / 1'000'000});
        json.real(rounded(look.load)).real(rounded(look.capacity)).real(rounded(look.expected));
        for (const uint32_t value : {look.people, look.rooms, look.present, look.wanted}) {
            json.number(uint64_t{value});
        }
        json.end_array();
    }
    json.end_array();
}

}  // namespace parley::router_service
