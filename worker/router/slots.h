#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "worker/router/slot_listener.h"
#include "worker/router/turn.h"
#include "worker/rtp/rtp_view.h"

namespace parley::router {

// The listeners of a router that hear its loudest speakers in slots, and who is heard in which.
// Producers and consumers are the router's; here is only who carries whom. Every producer that
// names its speaker may win a slot: one that comes over a pipe as well.
class Slots {
public:
    // --- commands

    void add(base::Instant now, Producer& producer);
    void remove(base::Instant now, Producer& producer);
    // Paused: it has lost the claim on its slots, and keeps them until others speak.
    void silence(Producer& producer);

    // `slots` are consumers of this transport, at most kSlotsPerTransport, nobody's yet.
    void open(base::Instant now, uint64_t transport, uint32_t self, std::vector<Consumer*> slots);
    // Before the consumer goes. A listener without slots is none.
    void close(base::Instant now, Consumer& slot);
    // False: the transport has no slots.
    bool set_rules(base::Instant now, uint64_t transport, SlotRules rules);

    const SlotListener* find(uint64_t transport) const;

    // --- the hot path

    bool any() const { return !listeners_.empty(); }

    // Nobody hears this voice, and at this level nobody ever would. The level need not be true.
    bool needless(base::Instant now, const Producer& producer, int8_t dbov) const;
    bool is_ranked(const Producer& producer) const;

    // Takes a packet into the ranking, and gives slots to others if it must. REQUIRES: an
    // authentic packet of a producer that is not paused.
    void on_packet(base::Instant now, const Producer& producer, int8_t dbov);

    // Here a voice reaches those who hear it in a slot. Digital silence does for a while only.
    void forward(base::Instant now, Producer& producer, const rtp::RtpView& packet,
                 const rtp::SharedFields& shared, Turn& turn);

    // --- time: who has which slot is told together, at most once in kSlotNotices

    void on_deadline(base::Instant now, std::vector<Notice>& notices);
    base::Instant next_deadline() const { return tell_at_; }

    void ensure_invariants() const;

private:
    bool competes(const Producer& producer) const { return producer.options().csrc != 0; }
    void assign(base::Instant now, SlotListener& listener);
    void assign_all(base::Instant now, size_t changed_rank);
    void find_pinned(SlotListener& listener);
    SlotListener* listener_of(uint64_t transport);
    void have_told(base::Instant now);

    Speakers speakers_;
    std::vector<Producer*> producers_;  // by their number
    std::vector<std::unique_ptr<SlotListener>> listeners_;
    base::Instant tell_at_ = base::Instant::never();
    base::Instant told_at_;
};

}  // namespace parley::router
