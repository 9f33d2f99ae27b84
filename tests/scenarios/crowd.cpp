#include <algorithm>

#include "tests/scenarios/swarm.h"

namespace parley::sim {

Crowd::Crowd(uint64_t seed, size_t rooms, size_t people_per_room, const Conditions& conditions,
             uint32_t slots, const controller::Options& options)
    : cluster_(seed, {.workers = 4 - options.loans, .controller = options}), slots_(slots) {
    for (size_t i = 0; i < rooms; ++i) {
        rooms_.push_back(cluster_.room("room" + std::to_string(i)));
        auto& people = people_.emplace_back();
        for (size_t j = 0; j < people_per_room; ++j) {
            const bool numbered = cluster_.random().below(4) != 0;
            const bool classic = slots == 0 || cluster_.random().below(4) == 0;
            people.push_back(rooms_.back().join(
                "peer" + std::to_string(j), {.numbered = numbered, .slots = classic ? 0 : slots}));
            people.back().uplink() = people.back().downlink() = conditions;
        }
    }
}

Peer& Crowd::somebody() {
    auto& people = people_[cluster_.random().below(people_.size())];
    return people[cluster_.random().below(people.size())];
}

void Crowd::talk(base::Duration how_long) {
    constexpr base::Duration kTurn = 2s;
    const base::Instant end = cluster_.now() + how_long;
    while (cluster_.now() < end) {
        for (auto& people : people_) {
            for (uint64_t i = 2 + cluster_.random().below(2); i > 0; --i) {
                Peer& speaker = people[cluster_.random().below(people.size())];
                speaker.speak(1s + base::Duration(cluster_.random().below(2'000) * 1ms));
            }
        }
        cluster_.run(std::min<base::Duration>(kTurn, end - cluster_.now()));
    }
}

void Crowd::judge(base::Instant since, double share, base::Duration longest, Outcome& outcome) {
    for (const auto& people : people_) {
        for (const Peer& listener : people) {
            for (const Peer& speaker : people) {
                if (&listener == &speaker || !listener.in_room() || !speaker.in_room()) continue;
                const Heard heard = listener.heard(speaker).since(since);
                const std::string who = listener.name() + " in " +
                                        listener.browser().options().room + " heard of " +
                                        speaker.name() + " ";
                outcome.heard(heard.words());
                outcome.expect(static_cast<double>(heard.words()) >=
                                   share * static_cast<double>(heard.said()) - 25,
                               who + std::to_string(heard.words()) + " words of " +
                                   std::to_string(heard.said()));
                outcome.expect(heard.longest_gap() <= longest,
                               who + "nothing for " +
                                   std::to_string(heard.longest_gap().count() / 1000) + " ms");
            }
        }
    }
}

}  // namespace parley::sim
