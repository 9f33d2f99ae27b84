#include "worker/router/slots.h"

#include <algorithm>
#include <utility>

#include "common/base/ensure.h"
#include "worker/router/loudness.h"

namespace parley::router {

using base::Instant;
using net::Drop;

namespace {

uint32_t csrc_of(const Consumer& slot) {
    return slot.producer() ? slot.producer()->options().csrc : 0;
}

}  // namespace

bool SlotListener::refuses(const Producer& producer) const {
    const uint32_t csrc = producer.options().csrc;
    return csrc == self || producer.transport() == transport ||
           std::find(rules.muted.begin(), rules.muted.end(), csrc) != rules.muted.end();
}

// --- producers

void Slots::add(Instant now, Producer& producer) {
    if (!competes(producer)) return;
    Producer::Stage& stage = producer.stage();
    stage.number = speakers_.add(producer.transport() == 0);
    base::ByteWriter(stage.csrc).u32(producer.options().csrc);
    if (producers_.size() <= stage.number) producers_.resize(stage.number + 1);
    producers_[stage.number] = &producer;
    for (const auto& listener : listeners_) find_pinned(*listener);
    assign_all(now, 0);
}

void Slots::remove(Instant now, Producer& producer) {
    if (!competes(producer)) return;
    const Speakers::Number who = producer.stage().number;
    speakers_.remove(now, who);
    producers_[who] = nullptr;
    for (const auto& listener : listeners_) find_pinned(*listener);
    assign_all(now, 0);
    ENSURE(producer.stage().audience.empty());
}

void Slots::silence(Producer& producer) {
    if (competes(producer)) speakers_.silence(producer.stage().number);
}

// --- listeners

void Slots::open(Instant now, uint64_t transport, uint32_t self, std::vector<Consumer*> slots) {
    ENSURE(slots.size() <= limits::kSlotsPerTransport);
    auto listener = std::make_unique<SlotListener>();
    listener->transport = transport;
    listener->self = self;
    listener->seats.fill(kNobody);
    for (Consumer* slot : slots) listener->slots.push_back({slot});
    listeners_.push_back(std::move(listener));
    assign(now, *listeners_.back());
}

void Slots::close(Instant now, Consumer& slot) {
    SlotListener* listener = listener_of(slot.transport());
    ENSURE(listener != nullptr);
    const auto at = std::find_if(listener->slots.begin(), listener->slots.end(),
                                 [&](const auto& each) { return each.consumer == &slot; });
    ENSURE(at != listener->slots.end());
    if (slot.producer()) slot.producer()->stage().audience.remove(slot);
    const auto seat = listener->seats.begin() + (at - listener->slots.begin());
    std::rotate(seat, seat + 1, listener->seats.end());
    listener->seats.back() = kNobody;
    listener->slots.erase(at);
    if (!listener->slots.empty()) return assign(now, *listener);
    std::erase_if(listeners_, [&](const auto& each) { return each.get() == listener; });
}

bool Slots::set_rules(Instant now, uint64_t transport, SlotRules rules) {
    SlotListener* listener = listener_of(transport);
    if (!listener) return false;
    listener->rules = std::move(rules);
    find_pinned(*listener);
    assign(now, *listener);
    return true;
}

const SlotListener* Slots::find(uint64_t transport) const {
    const auto found =
        std::find_if(listeners_.begin(), listeners_.end(),
                     [&](const auto& listener) { return listener->transport == transport; });
    return found == listeners_.end() ? nullptr : found->get();
}

SlotListener* Slots::listener_of(uint64_t transport) {
    return const_cast<SlotListener*>(std::as_const(*this).find(transport));
}

void Slots::find_pinned(SlotListener& listener) {
    listener.pinned.clear();
    for (const uint32_t csrc : listener.rules.pinned) {
        for (const Producer* producer : producers_) {
            if (!producer || producer->options().csrc != csrc) continue;
            listener.pinned.push_back(producer->stage().number);
        }
    }
}

// --- who is heard

void Slots::assign_all(Instant now, size_t changed_rank) {
    for (const auto& listener : listeners_) {
        if (changed_rank < listener->depth || changed_rank == 0) assign(now, *listener);
    }
}

void Slots::assign(Instant now, SlotListener& listener) {
    std::array<Speakers::Number, limits::kSlotsPerTransport> wanted;
    const size_t most = listener.slots.size();
    size_t count = 0;
    const auto want = [&](Speakers::Number who) {
        const auto end = wanted.begin() + static_cast<ptrdiff_t>(count);
        const bool twice = std::find(wanted.begin(), end, who) != end;
        if (count < most && !twice && !listener.refuses(*producers_[who])) wanted[count++] = who;
    };
    for (const Speakers::Number who : listener.pinned) want(who);
    const auto ranking = speakers_.ranking();
    listener.depth = 0;
    while (count < most && listener.depth < ranking.size()) want(ranking[listener.depth++]);
    // With a free slot whoever comes next is wanted.
    if (count < most) listener.depth = Speakers::kUnranked;

    const auto seats = std::span(listener.seats).first(most);
    seat(seats, std::span(wanted).first(count));
    for (size_t i = 0; i < most; ++i) {
        Consumer& slot = *listener.slots[i].consumer;
        Producer* const has = slot.producer();
        Producer* const gets = seats[i] == kNobody ? nullptr : producers_[seats[i]];
        if (has == gets) continue;
        if (has) has->stage().audience.remove(slot);
        if (gets) gets->stage().audience.add(slot);
        slot.carry(gets);
        have_told(now);
    }
}

// --- packets

bool Slots::needless(Instant now, const Producer& producer, int8_t dbov) const {
    return competes(producer) && producer.stage().audience.empty() &&
           (!any() || !speakers_.could_rise(now, producer.stage().number, dbov));
}

bool Slots::is_ranked(const Producer& producer) const {
    return competes(producer) && speakers_.rank_of(producer.stage().number) != Speakers::kUnranked;
}

void Slots::on_packet(Instant now, const Producer& producer, int8_t dbov) {
    if (!competes(producer)) return;
    const size_t changed = speakers_.on_level(now, producer.stage().number, dbov);
    if (changed != Speakers::kUnranked) assign_all(now, changed);
}

void Slots::forward(Instant now, Producer& producer, const rtp::RtpView& packet,
                    const rtp::SharedFields& shared, Turn& turn) {
    Producer::Stage& stage = producer.stage();
    if (stage.audience.empty()) return;
    turn.counters.copies_due += stage.audience.size();
    if (!shared.level || shared.level->dbov != kDigitalSilence) {
        stage.sounded_at = now;
        stage.hushed = false;
    } else if (now - stage.sounded_at > limits::kSlotHangover) {
        // What is not sent must not look lost: the listeners' numbering goes on without it.
        if (!std::exchange(stage.hushed, true)) {
            stage.audience.for_each([](Consumer& slot) { slot.restart(); });
        }
        return turn.counters.drops.count(Drop::ConsumerSilent, stage.audience.size());
    }
    rtp::SharedFields said = shared;
    said.csrcs = stage.csrc;
    rtp::SharedFields begun = said;
    begun.marker = true;  // the first of a talk, RFC 3551 §4.1
    Consumer* next = stage.audience.first();
    while (next) {
        Consumer& slot = *next;
        next = Audience::after(slot);
        if (next) {
            if (Consumer* const second = Audience::after(*next)) second->prefetch_slot();
            next->prefetch_outlet();
        }
        slot.forward(now, packet, slot.anew() ? begun : said, turn);
    }
}

// --- time

void Slots::have_told(Instant now) {
    if (tell_at_.is_never()) tell_at_ = std::max(now, told_at_ + limits::kSlotNotices);
}

void Slots::on_deadline(Instant now, std::vector<Notice>& notices) {
    if (tell_at_ > now) return;
    tell_at_ = Instant::never();
    told_at_ = now;
    SlotSpeakers said;
    for (const auto& listener : listeners_) {
        for (SlotListener::Slot& slot : listener->slots) {
            const uint32_t csrc = csrc_of(*slot.consumer);
            if (std::exchange(slot.told_csrc, csrc) == csrc) continue;
            said.slots.push_back({listener->transport, slot.consumer->id(), csrc});
        }
    }
    if (!said.slots.empty()) notices.emplace_back(std::move(said));
}

void Slots::ensure_invariants() const {
    for (const auto& listener : listeners_) {
        for (size_t i = 0; i < listener->slots.size(); ++i) {
            const Producer* producer = listener->slots[i].consumer->producer();
            const Speakers::Number who = listener->seats[i];
            ENSURE(producer == (who == kNobody ? nullptr : producers_[who]));
            ENSURE(!producer || !listener->refuses(*producer));
        }
    }
    for (const Producer* producer : producers_) {
        if (!producer) continue;
        size_t heard_in = 0;
        producer->stage().audience.for_each([&](const Consumer& slot) {
            ENSURE(slot.producer() == producer);
            ++heard_in;
        });
        ENSURE(heard_in == producer->stage().audience.size());
    }
}

}  // namespace parley::router
