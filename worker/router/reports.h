#pragma once

#include <span>

#include "common/base/random.h"
#include "worker/router/leg.h"

namespace parley::router {

// Takes what a peer reports: of its own streams (SR), and of those it hears (RR). `compound` is
// plain RTCP. False when it is malformed; what was read before the fault is kept. Unknown packet
// types and unknown SSRCs are skipped. RFC 3550 §6.4, RFC 5506.
bool hear_reports(base::Instant now, Leg& leg, base::Bytes compound, Quality& quality);

// Writes our reports to a peer: a sender report with its CNAME for each consumer that sent since
// the last, and blocks about each producer, in as many compounds as it takes. RFC 3550 §6.1.
void write_reports(base::Instant now, Leg& leg, Turn& turn);

// Tells a peer that a stream of ours ends. RFC 3550 §6.6.
void write_bye(Leg& leg, const Consumer& consumer, net::Outbox& out);

// Until the next reports: half to one and a half times kRtcpInterval, so that the reports of many
// peers do not leave together. RFC 3550 §6.2.
base::Duration report_interval(base::Random& random);

}  // namespace parley::router
