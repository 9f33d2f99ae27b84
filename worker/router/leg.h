#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/flat_map.h"
#include "worker/router/consumer.h"
#include "worker/router/producer.h"
#include "worker/router/transport.h"

namespace parley::router {

// A transport and what runs over it. The router owns all of them; what is named here is taken out
// before it goes.
struct Leg {
    Leg(uint64_t id, ice::Credentials local, AppData app_data, base::Instant now)
        : transport(id, std::move(local), std::move(app_data), now) {}

    Transport transport;
    std::vector<Producer*> producers;
    std::vector<Consumer*> consumers;
    base::FlatMap<uint32_t, Producer*> producer_by_ssrc;
    base::FlatMap<uint32_t, Consumer*> consumer_by_ssrc;
    base::Instant next_report = base::Instant::never();  // our RTCP

    // Which producer a packet belongs to: by SSRC, or else by the mid or rid in its header, from
    // which the SSRC is learned. RFC 8843 §9.2, RFC 8852 §3.1. nullptr: none.
    Producer* producer_of(const rtp::RtpView& packet);

    // Unlearns an SSRC that was not signalled: its stream has ended, RFC 3550 §6.6.
    void forget_learned(uint32_t ssrc);

    // Under what SSRC we report on what we hear: that of a consumer, which the peer knows, or 1 as
    // browsers say when they send nothing themselves.
    uint32_t rtcp_ssrc() const { return consumers.empty() ? 1 : consumers.front()->ssrc(); }

    // Whether a packet of such a producer could be taken for another's.
    bool names(const ProducerOptions& options) const;

    base::Instant next_deadline() const {
        return std::min(transport.next_deadline(), next_report);
    }

private:
    Producer* learn(const rtp::RtpView& packet);
};

}  // namespace parley::router
