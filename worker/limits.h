#pragma once

#include <cstddef>
#include <cstdint>

#include "common/base/time.h"

// The size of every table and the length of every wait in a worker. Nothing that the outside can
// fill is without a line here.
namespace parley::limits {

// Largest datagram read or written: an Ethernet frame's payload. Longer ones are dropped.
constexpr size_t kDatagramBytes = 1500;

// Copies that wait for one flush of the outbox: the room a turn has before it flushes early.
constexpr size_t kOutboxDatagrams = 512;
constexpr size_t kOutboxBytes = 128 * 1024;

// Datagrams taken from a socket in one turn before other sockets and deadlines have theirs.
constexpr size_t kReceiveBatch = 64;

constexpr size_t kListens = 16;  // addresses, each with a socket for UDP and one for TCP

// TCP connections of one worker, and of one address: an office behind one NAT may need many, and a
// /64 of IPv6 counts as one. Of all of them only so many may have proved nothing yet: then the
// oldest of these gives way to the next, so that who only connects keeps nobody out.
constexpr size_t kTcpConnections = 8'000;
constexpr size_t kTcpConnectionsPerAddress = 1'000;
constexpr size_t kTcpStrangers = 500;

// Bytes taken from one connection at once, and how often in one turn before the others have theirs.
constexpr size_t kTcpReadBytes = 4 * 1024;
constexpr int kTcpReadsPerTurn = 4;

// What may wait to be written to one connection, here and unsent in the kernel; more would be heard
// too late. Together a third of a second of eight voices.
constexpr size_t kTcpBacklogBytes = 12 * 1024;
constexpr int kTcpUnsentBytes = 8 * 1024;
constexpr size_t kRouters = 10'000;
constexpr size_t kTransports = 20'000;
constexpr size_t kProducersPerTransport = 16;
constexpr size_t kConsumersPerTransport = 1'000;
constexpr size_t kConsumersPerProducer = 10'000;
constexpr size_t kObserversPerRouter = 4;

// Slots that one listener may have, and those whom it may pin to them or mute.
constexpr size_t kSlotsPerTransport = 8;
constexpr size_t kSlotPins = 8;
constexpr size_t kSlotMutes = 1'000;

// How many speakers of a router are kept in order: enough for the most slots, for the listener
// itself, who is passed over, and for some whom it has muted.
constexpr size_t kRankedSpeakers = 16;

// Packets in a row of a voice that nobody hears that may be dropped as they came: then one is
// decrypted, so that the rollover counter of SRTP and the statistics keep up.
constexpr int kPassedOver = 16;

constexpr size_t kPipes = 256;
constexpr size_t kStreamsPerPipe = 2'000;  // in each direction

// Voices of a router that go into a pipe however quiet they are, while others may not.
constexpr size_t kAlwaysPiped = 1'000;

// What a producer keeps for pipes to ask for again: bytes of payload, packets, and for how long.
// Half a second of 20 ms packets at 128 kbit/s is 8 KiB.
constexpr size_t kKeptBytes = 16 * 1024;
constexpr size_t kKeptPackets = 128;  // a power of two

// Packets of one stream that a pipe waits for at once.
constexpr size_t kMissingPackets = 32;
constexpr size_t kRepairTries = 4;

// Remote addresses that one transport may have proved by a connectivity check.
constexpr size_t kPathsPerTransport = 4;

// Unknown attribute types named in one 420 answer; a request with more is told of the first ones.
constexpr size_t kStunUnknownAttributes = 8;

// SSRCs that one transport may send RTP from, and again RTCP from, whose replay windows are kept.
constexpr size_t kSrtpStreams = 64;

// Largest datagram of a DTLS handshake that we send, and what its certificates and messages may
// come to. A peer may send records under the new keys before it is their turn (they were
// overtaken); OpenSSL keeps each in 16 KiB, so a handshake takes only so many.
constexpr size_t kDtlsDatagramBytes = 1'200;
constexpr size_t kDtlsMessageBytes = 16 * 1024;
constexpr size_t kDtlsEarlyRecords = 32;

// Characters of a mid or rid that fit a one-byte header extension.
constexpr size_t kMidBytes = 16;

// Opaque bytes kept for the controller with one router, transport, producer or consumer.
constexpr size_t kAppDataBytes = 16 * 1024;

// One frame on the worker's control socket: a snapshot of a full worker fits.
constexpr size_t kPipeFrameBytes = 64 * 1024 * 1024;
constexpr size_t kRequestsPerFrame = 1'024;
constexpr size_t kControllers = 4;  // connections at once
constexpr size_t kPipeBacklogBytes = 128 * 1024 * 1024;  // unsent, before a controller is cut

constexpr base::Duration kIceConsent = 30s;      // RFC 7675 §5.1
constexpr base::Duration kIceSilence = 10s;      // two of a peer's 5 s consent checks were lost
constexpr base::Duration kIceReorder = 1s;       // a check older than this is no late arrival
constexpr base::Duration kTcpProof = 10s;        // for a check, and without a path that has consent
constexpr base::Duration kTcpHalfFrame = 5s;     // from its first byte to its last
constexpr base::Duration kTcpSweep = 1s;         // between two looks at these
constexpr base::Duration kDtlsHandshake = 30s;   // from the first flight to Failed
constexpr base::Duration kDtlsFirstRetransmission = 100ms;  // doubles each time, up to the longest
constexpr base::Duration kDtlsLongestRetransmission = 3s;
constexpr base::Duration kOrphaned = 5min;       // without a controller, by default
constexpr base::Duration kRtcpInterval = 1s;
constexpr base::Duration kSlotHangover = 200ms;  // of digital silence that a slot still carries
constexpr base::Duration kSlotNotices = 100ms;   // between two words on who has which slot
constexpr base::Duration kKept = 500ms;      // what came before is of no use any more
constexpr base::Duration kOvertaken = 10ms;  // a packet later than this is taken for lost
constexpr base::Duration kRepair = 250ms;    // from a gap in a pipe to giving it up
constexpr base::Duration kPipeSilence = 5s;  // that is reported: some keep-alives were lost

}  // namespace parley::limits
