#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/base/deadline_queue.h"
#include "common/base/flat_map.h"
#include "common/base/handle.h"
#include "common/base/random.h"
#include "worker/net/demux.h"
#include "worker/router/app_data.h"
#include "worker/router/inlet.h"
#include "worker/router/outlet.h"
#include "worker/router/pipe_header.h"
#include "worker/router/pipe_state.h"
#include "worker/router/ssrc_sequence.h"
#include "worker/router/turn.h"
#include "worker/rtcp/report.h"
#include "worker/rtcp/sender_report_clock.h"
#include "worker/rtp/missing_packets.h"
#include "worker/rtp/rtp_view.h"

namespace parley::router {

class PipedConsumer;
class Producer;
class Router;

// A stream that comes out of a pipe here, and what has not come of it.
struct PipedStream {
    base::Handle<Router> router;
    Producer& producer;  // the router's, which has it forgotten first
    uint32_t ssrc;
    uint32_t rtx_ssrc;  // 0: none
    bool paused;
    rtp::MissingPackets missing = {};
};

// One packet that came out: of the stream, under its own numbers however it came. Borrowed.
struct PipedPacket {
    PipedStream& stream;
    rtp::RtpView packet;
    size_t size;
};

// A transport between two workers, for streams of many routers. Path and keys are told, not found.
// It mends on its own way what gets lost: the end that hears asks, the end that sends answers.
// Which streams there are, and what becomes of them, is for routers to know.
class Pipe {
public:
    // No stream has this SSRC or a smaller one. Before version 2 it was that of each end's reports.
    static constexpr uint32_t kReportSsrc = 1;
    static constexpr srtp::Profile kProfile = srtp::Profile::AeadAes256Gcm;

    // Makes the key that it sends with. With `repair` it is capable of asking and answering.
    Pipe(uint64_t id, bool repair, AppData app_data, base::Random& random);

    uint64_t id() const { return id_; }
    const srtp::Master& local_key() const { return local_key_; }
    const PipeHeader& header() const { return ours_; }

    // REQUIRES: state() is New.
    void connect(base::Instant now, const net::Path& path, const srtp::Master& remote_key,
                 const PipeHeader& theirs, Turn& turn);
    PipeState state() const { return state_; }
    std::optional<net::Path> path() const { return outlet_.path(); }

    // What both ends do; all that we can while the other end is unknown.
    const PipeHeader& agreed() const { return agreed_; }
    bool repairs() const { return (agreed_.capabilities & PipeHeader::kRepairs) != 0; }

    // --- streams. They are their routers'; whoever adds one removes it before it goes.

    Outlet& outlet() { return outlet_; }
    uint32_t unused_ssrc();
    void add(PipedConsumer& consumer);
    void remove(PipedConsumer& consumer);

    // Whether either SSRC is of a stream that comes out already.
    bool hears(uint32_t ssrc, uint32_t rtx_ssrc) const;
    void add(PipedStream stream);
    void remove_stream(uint32_t ssrc);
    // Nothing is asked for of a paused stream.
    void pause_stream(uint32_t ssrc, bool paused);

    size_t consumers() const { return consumers_.size(); }
    size_t streams() const { return streams_.size(); }
    template <typename Visit>
    void for_each_consumer(Visit visit) const {
        for (PipedConsumer* consumer : in_order_) visit(*consumer);
    }
    template <typename Visit>
    void for_each_stream(Visit visit) {
        streams_.for_each([&](uint32_t, std::unique_ptr<PipedStream>& stream) { visit(*stream); });
    }

    // --- the network

    // Whether it is of this pipe, by its SSRC, where several come on one path.
    bool is_for(net::Protocol protocol, base::Bytes bytes) const;
    // In place. Nothing, and a counted drop, for what is of no stream or not authentic.
    std::optional<PipedPacket> on_rtp(base::Instant now, std::span<uint8_t> bytes, Turn& turn);
    void on_rtcp(base::Instant now, std::span<uint8_t> bytes, Turn& turn);

    void on_deadline(base::Instant now, Turn& turn);
    base::Instant next_deadline() const;

    // --- to look at

    const Inlet& inlet() const { return inlet_; }
    const Outlet& outlet() const { return outlet_; }
    std::optional<base::Duration> round_trip() const { return round_trip_; }
    uint64_t retransmissions_sent() const { return retransmissions_sent_; }
    void count_retransmission() { ++retransmissions_sent_; }
    uint64_t missing() const { return missing_; }
    uint64_t repaired() const { return repaired_; }
    const AppData& app_data() const { return app_data_; }

    void ensure_invariants() const;

private:
    void enter(base::Instant now, PipeState state, Turn& turn);
    // Of the reports of both ends: what both know the pipe by, so that it tells this pipe apart.
    uint32_t report_ssrc() const;
    void on_authentic(base::Instant now, Turn& turn);
    bool hear(base::Instant now, base::Bytes compound, Turn& turn);
    void hear_sender_report(base::Instant now, const rtcp::SenderReport& report, Turn& turn);
    void on_header(const PipeHeader& theirs);
    PipedStream* stream_of(uint32_t ssrc);
    void set_deadline(const PipedStream& stream);
    void ask(base::Instant now, Turn& turn);
    void report(base::Instant now, Turn& turn);

    Outlet outlet_;
    Inlet inlet_;
    base::FlatMap<uint32_t, std::unique_ptr<PipedStream>> streams_;  // by SSRC
    base::FlatMap<uint32_t, uint32_t> original_of_;                  // SSRC by that of its RTX
    base::FlatMap<uint32_t, PipedConsumer*> consumers_;              // by SSRC
    std::vector<PipedConsumer*> in_order_;
    base::DeadlineQueue<uint32_t> missing_deadlines_;  // by SSRC

    uint64_t id_;
    AppData app_data_;
    base::Random& random_;
    SsrcSequence ssrcs_;
    srtp::Master local_key_;
    PipeState state_ = PipeState::New;
    PipeHeader ours_;
    PipeHeader agreed_;
    rtcp::SenderReportClock clock_;  // the other end's
    std::optional<base::Duration> round_trip_;
    base::Instant heard_at_;
    base::Instant silent_at_ = base::Instant::never();  // at the earliest
    base::Instant next_report_ = base::Instant::never();
    uint64_t retransmissions_sent_ = 0;
    uint64_t missing_ = 0;
    uint64_t repaired_ = 0;
};

}  // namespace parley::router
