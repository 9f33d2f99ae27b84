#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "worker/router/active_speaker_observer.h"
#include "worker/router/audio_level_observer.h"
#include "worker/router/producer.h"
#include "worker/router/turn.h"

namespace parley::router {

using Observing = std::variant<AudioLevelObserver::Options, ActiveSpeakerObserver::Options>;

// Who listens to the levels of a router: all of its producers, whenever they come. Each producer
// remembers its place in each observer, in the order of entries().
class Observers {
public:
    struct Entry {
        uint64_t id;
        std::variant<AudioLevelObserver, ActiveSpeakerObserver> observer;

        bool observes_levels() const {
            return std::holds_alternative<AudioLevelObserver>(observer);
        }
    };

    // `producers` are those that are there already.
    void open(base::Instant now, uint64_t id, const Observing& what,
              const std::vector<Producer*>& producers);
    void close(uint64_t id, const std::vector<Producer*>& producers);

    void add(Producer& producer);
    void remove(Producer& producer);
    void set_paused(Producer& producer, bool paused);

    // The hot path.
    void on_level(base::Instant now, Producer& producer, int8_t dbov);

    // Whether somebody who goes on at this level may be reported as loud.
    bool may_name(int8_t dbov) const;

    void on_deadline(base::Instant now, std::vector<Notice>& notices);
    base::Instant next_deadline() const;

    const std::vector<Entry>& entries() const { return entries_; }

private:
    std::vector<Entry> entries_;
};

}  // namespace parley::router
