#include "worker/router/observers.h"

#include <algorithm>
#include <utility>

namespace parley::router {

using base::Instant;

namespace {

Observers::Entry entry_for(Instant now, uint64_t id, const Observing& what) {
    if (const auto* levels = std::get_if<AudioLevelObserver::Options>(&what)) {
        return {id, AudioLevelObserver(*levels, now)};
    }
    return {id, ActiveSpeakerObserver(std::get<ActiveSpeakerObserver::Options>(what), now)};
}

void join(Observers::Entry& entry, Producer& producer) {
    std::visit(
        [&](auto& observer) {
            producer.observer_slots().push_back(observer.add(producer.id()));
            if (producer.paused()) observer.set_paused(producer.id(), true);
        },
        entry.observer);
}

}  // namespace

void Observers::open(Instant now, uint64_t id, const Observing& what,
                     const std::vector<Producer*>& producers) {
    entries_.push_back(entry_for(now, id, what));
    for (Producer* producer : producers) join(entries_.back(), *producer);
}

void Observers::close(uint64_t id, const std::vector<Producer*>& producers) {
    const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& each) { return each.id == id; });
    ENSURE(entry != entries_.end());
    for (Producer* producer : producers) {
        auto& slots = producer->observer_slots();
        slots.erase(slots.begin() + (entry - entries_.begin()));
    }
    entries_.erase(entry);
}

void Observers::add(Producer& producer) {
    for (Entry& entry : entries_) join(entry, producer);
}

void Observers::remove(Producer& producer) {
    for (Entry& entry : entries_) {
        std::visit([&](auto& observer) { observer.remove(producer.id()); }, entry.observer);
    }
}

void Observers::set_paused(Producer& producer, bool paused) {
    for (Entry& entry : entries_) {
        std::visit([&](auto& observer) { observer.set_paused(producer.id(), paused); },
                   entry.observer);
    }
}

void Observers::on_level(Instant now, Producer& producer, int8_t dbov) {
    for (size_t i = 0; i < entries_.size(); ++i) {
        const uint32_t slot = producer.observer_slots()[i];
        if (auto* levels = std::get_if<AudioLevelObserver>(&entries_[i].observer)) {
            levels->on_level(slot, dbov);
        } else {
            std::get<ActiveSpeakerObserver>(entries_[i].observer).on_level(now, slot, dbov);
        }
    }
}

bool Observers::may_name(int8_t dbov) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        const auto* levels = std::get_if<AudioLevelObserver>(&entry.observer);
        return levels && dbov >= levels->threshold_dbov();
    });
}

void Observers::on_deadline(Instant now, std::vector<Notice>& notices) {
    for (Entry& entry : entries_) {
        if (auto* levels = std::get_if<AudioLevelObserver>(&entry.observer)) {
            Volumes volumes{entry.id, {}};
            if (levels->next_deadline() <= now && levels->on_deadline(now, volumes.loudest_first)) {
                notices.emplace_back(std::move(volumes));
            }
            continue;
        }
        auto& speaker = std::get<ActiveSpeakerObserver>(entry.observer);
        if (speaker.next_deadline() > now) continue;
        if (const auto dominant = speaker.on_deadline(now)) {
            notices.emplace_back(DominantSpeaker{entry.id, *dominant});
        }
    }
}

Instant Observers::next_deadline() const {
    Instant next = Instant::never();
    for (const Entry& entry : entries_) {
        next = std::min(next, std::visit([](const auto& each) { return each.next_deadline(); },
                                         entry.observer));
    }
    return next;
}

}  // namespace parley::router
