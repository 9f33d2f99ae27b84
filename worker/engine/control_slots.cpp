#include "worker/engine/control_desk.h"

#include <utility>

namespace parley::engine {

using router::refused;

namespace {

using Csrcs = flatbuffers::Vector<uint32_t>;

Result<router::SlotRules> rules_of(const Csrcs* muted, const Csrcs* pinned) {
    if (muted && muted->size() > limits::kSlotMutes) {
        return refused(Refusal::LimitReached, "as many muted as a listener may have");
    }
    if (pinned && pinned->size() > limits::kSlotPins) {
        return refused(Refusal::LimitReached, "as many pinned as a listener may have");
    }
    return router::SlotRules{numbers_of(muted), numbers_of(pinned)};
}

Result<std::vector<router::ConsumerOptions>> slots_of(const pipe::ConsumeSlots& ask) {
    const size_t count = ask.slots() ? ask.slots()->size() : 0;
    if (count == 0 || count > limits::kSlotsPerTransport) {
        return refused(Refusal::Malformed, "1 to 8 slots");
    }
    if (ask.payload_type() > 127) return refused(Refusal::Malformed, "payload type over 127");
    const auto extensions = extensions_of(ask.header_extensions());
    if (!extensions) return base::Err{extensions.error()};
    router::ConsumerOptions options;
    options.payload_type = ask.payload_type();
    options.header_extensions = consumer_extensions(*extensions);
    options.cname = text_of(ask.cname());
    options.paused = ask.paused();
    if (options.cname.size() > 255) return refused(Refusal::Malformed, "cname is too long");
    std::vector<router::ConsumerOptions> slots;
    for (const pipe::Slot* slot : *ask.slots()) {
        options.id = slot->consumer_id();
        options.mid = text_of(slot->mid());
        if (options.mid.size() > limits::kMidBytes) {
            return refused(Refusal::Malformed, "mid is too long");
        }
        slots.push_back(options);
    }
    return slots;
}

}  // namespace

Answer carry_out(const pipe::ConsumeSlots& ask, Desk& desk) {
    auto slots = slots_of(ask);
    if (!slots) return base::Err{slots.error()};
    auto rules = rules_of(ask.muted(), ask.pinned());
    if (!rules) return base::Err{rules.error()};
    const auto made = desk.worker.media.consume_slots(desk.now, ask.transport_id(), ask.self_csrc(),
                                                      std::move(*slots));
    if (!made) return base::Err{made.error()};
    std::vector<uint32_t> ssrcs;
    for (const router::Consumer* slot : *made) ssrcs.push_back(slot->ssrc());
    const Status ruled =
        desk.worker.media.set_slot_rules(desk.now, ask.transport_id(), std::move(*rules));
    ENSURE(ruled.ok());
    return with(pipe::CreateSlotsConsumedDirect(desk.fbb, &ssrcs));
}

Answer carry_out(const pipe::SetSlotRules& ask, Desk& desk) {
    auto rules = rules_of(ask.muted(), ask.pinned());
    if (!rules) return base::Err{rules.error()};
    return desk.done(
        desk.worker.media.set_slot_rules(desk.now, ask.transport_id(), std::move(*rules)));
}

}  // namespace parley::engine
