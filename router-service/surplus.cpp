#include "router-service/surplus.h"

#include <algorithm>

#include "router-service/forecast.h"

namespace parley::router_service {

namespace {

using cluster::ServerState;

// For a wish to be heard, and to show in a beat.
constexpr Duration kHeeded = 5s;

}  // namespace

std::vector<Surplus::Wish> Surplus::on_sample(Instant now, const ScaleSignal& signal,
                                              const Picture& picture) {
    if (!rules_.drains || now < next_at_) return {};
    forget_gone(picture);
    const ScaleSample& sample = signal.sample;
    if (signal.needed > sample.taking) return undrain(signal.needed - sample.taking, picture);
    // Those that drain already are among the surplus.
    const uint32_t draining = sample.present - sample.drained - sample.taking;
    const auto at_once =
        std::max<uint32_t>(1, static_cast<uint32_t>(rules_.share * double(sample.taking)));
    const uint32_t most = std::min(signal.surplus, at_once);
    if (most <= draining) return {};
    return drain(now, most - draining, picture);
}

void Surplus::forget_gone(const Picture& picture) {
    std::erase_if(ours_, [&](const std::string& id) {
        const auto at = picture.servers().find(id);
        if (!at) return true;
        const Server& server = picture.servers()[*at];
        return server.standing == Standing::Lost || server.leaving ||
               server.state == ServerState::Up;
    });
}

std::vector<Surplus::Wish> Surplus::drain(Instant now, size_t most, const Picture& picture) {
    std::vector<ServerIndex> first = emptiest(picture.servers(), picture.servers().size());
    // One has to be left.
    first.resize(std::min(most, first.empty() ? 0 : first.size() - 1));
    std::vector<Wish> wishes;
    for (const ServerIndex at : first) wishes.push_back({picture.servers()[at].id, true});
    for (const Wish& wish : wishes) ours_.insert(wish.server);
    if (!wishes.empty()) next_at_ = now + kHeeded;
    return wishes;
}

// The fullest first: it would have taken longest.
std::vector<Surplus::Wish> Surplus::undrain(size_t most, const Picture& picture) {
    std::vector<std::pair<uint32_t, std::string>> fullest;
    for (const std::string& id : ours_) {
        fullest.emplace_back(picture.servers()[*picture.servers().find(id)].load.peers, id);
    }
    std::ranges::sort(fullest, std::greater<>());
    std::vector<Wish> wishes;
    for (const auto& [peers, id] : fullest) {
        if (wishes.size() < most) wishes.push_back({id, false});
    }
    return wishes;
}

}  // namespace parley::router_service
