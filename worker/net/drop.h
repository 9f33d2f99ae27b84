#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace parley::net {

// Why something that arrived was not forwarded, or a copy not sent. Every packet in is a packet
// out or one of these. The names are those of the metrics and of the pipe's statistics.
#define PARLEY_DROPS(X)                                                                       \
    X(TooLong, "too_long")                     /* over kDatagramBytes */                      \
    X(UnknownProtocol, "unknown_protocol")     /* first byte means nothing, RFC 7983 */       \
    X(UnknownPath, "unknown_path")             /* not STUN, from a path no check has proved */ \
    X(StunMalformed, "stun_malformed")                                                        \
    X(StunUnknownUser, "stun_unknown_user")    /* USERNAME names no transport here */         \
    X(StunUnauthenticated, "stun_unauthenticated")                                            \
    X(DtlsMalformed, "dtls_malformed")                                                        \
    X(DtlsUnexpected, "dtls_unexpected")       /* before a role was agreed, or after the end */ \
    X(SrtpNoKeys, "srtp_no_keys")              /* before the handshake ended */               \
    X(SrtpMalformed, "srtp_malformed")                                                        \
    X(SrtpReplayed, "srtp_replayed")                                                          \
    X(SrtpUnauthenticated, "srtp_unauthenticated")                                            \
    X(SrtpExhausted, "srtp_exhausted")         /* a key has protected all it may */           \
    X(SrtpStreams, "srtp_streams")             /* more SSRCs than a transport may send */     \
    X(RtpMalformed, "rtp_malformed")                                                          \
    X(RtpUnknownStream, "rtp_unknown_stream")  /* no producer has this SSRC, mid or rid */    \
    X(RtpUnknownPayloadType, "rtp_unknown_payload_type")                                      \
    X(RtpProbation, "rtp_probation")           /* sequence number out of all order */         \
    X(RtpDuplicate, "rtp_duplicate")                                                          \
    X(RtpQuiet, "rtp_quiet")                   /* of whom nobody hears; could win no slot */   \
    X(RtcpMalformed, "rtcp_malformed")                                                        \
    X(ProducerPaused, "producer_paused")                                                      \
    X(ConsumerPaused, "consumer_paused")                                                      \
    X(ConsumerTooOld, "consumer_too_old")      /* from before the consumer began or resumed */ \
    X(ConsumerNotConnected, "consumer_not_connected") /* its transport has no keys or path */ \
    X(ConsumerTooLong, "consumer_too_long")    /* rewritten it would not fit a datagram */    \
    X(ConsumerExhausted, "consumer_exhausted") /* its transport's key has protected all it may */ \
    X(ConsumerSilent, "consumer_silent")       /* digital silence of who has a slot */        \
    X(ConsumerNotLoudest, "consumer_not_loudest") /* a pipe has room for louder ones only */  \
    X(RetransmissionGone, "retransmission_gone") /* asked for, and not kept (any more) */     \
    X(RetransmissionTooLong, "retransmission_too_long")                                       \
    X(RetransmissionExhausted, "retransmission_exhausted") /* the pipe's key is used up */    \
    X(SendBufferFull, "send_buffer_full")      /* the kernel took no more */                  \
    X(SendFailed, "send_failed")               /* unreachable, or refused by a firewall */     \
    X(TcpBacklogFull, "tcp_backlog_full")      /* a connection takes less than it is sent */

enum class Drop : uint8_t {
#define PARLEY_DROP_ENUMERATOR(name, text) name,
    PARLEY_DROPS(PARLEY_DROP_ENUMERATOR)
#undef PARLEY_DROP_ENUMERATOR
};

constexpr std::string_view kDropNames[] = {
#define PARLEY_DROP_NAME(name, text) text,
    PARLEY_DROPS(PARLEY_DROP_NAME)
#undef PARLEY_DROP_NAME
};

constexpr size_t kDropKinds = std::size(kDropNames);

// How many of each.
class Drops {
public:
    void count(Drop why, uint64_t times = 1) { counts_[static_cast<size_t>(why)] += times; }
    uint64_t operator[](Drop why) const { return counts_[static_cast<size_t>(why)]; }
    uint64_t total() const {
        uint64_t sum = 0;
        for (const uint64_t count : counts_) sum += count;
        return sum;
    }

private:
    std::array<uint64_t, kDropKinds> counts_{};
};

}  // namespace parley::net
