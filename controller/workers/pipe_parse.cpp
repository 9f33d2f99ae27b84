#include <algorithm>
#include <cmath>

#include "controller/workers/pipe_codec.h"
#include "flatbuffers/pipe_generated.h"

namespace parley::controller::workers {

namespace {

namespace fb = flatbuffers;

constexpr size_t kMaxDepth = 16;
constexpr size_t kMaxTables = 4'000'000;  // a full worker's snapshot has 200,000 consumers and more
constexpr size_t kMaxTextBytes = 16 * 1024;
constexpr size_t kMaxBounds = 64;  // of one histogram

// Copies a verified frame into plain structs. In a verified buffer many offsets may still name one
// text, so that a small frame unpacks to a huge one: what is copied is bounded by `budget`.
class FrameReader {
public:
    explicit FrameReader(size_t budget) : budget_(budget) {}

    bool ok() const { return ok_; }

    Reply reply(const pipe::Reply& r) {
        Reply out;
        out.id = r.id();
        out.refusal = static_cast<Refusal>(r.error());
        out.reason = text(r.reason());
        if (r.body() == nullptr) return out;  // the verifier lets a type without a body pass
        switch (r.body_type()) {
            case pipe::ReplyBody::Done: out.body = Done{}; break;
            case pipe::ReplyBody::HelloReply: out.body = hello(*r.body_as_HelloReply()); break;
            case pipe::ReplyBody::TransportCreated:
                out.body = created(*r.body_as_TransportCreated());
                break;
            case pipe::ReplyBody::TransportConnecting:
                out.body = TransportConnecting{
                    static_cast<DtlsRole>(r.body_as_TransportConnecting()->local_role())};
                break;
            case pipe::ReplyBody::IceRestarted:
                out.body = IceRestarted{ice(r.body_as_IceRestarted()->ice_parameters())};
                break;
            case pipe::ReplyBody::Consumed:
                out.body =
                    Consumed{r.body_as_Consumed()->ssrc(), r.body_as_Consumed()->producer_paused()};
                break;
            case pipe::ReplyBody::Snapshot: out.body = snapshot(*r.body_as_Snapshot()); break;
            case pipe::ReplyBody::WorkerStats: out.body = stats(*r.body_as_WorkerStats()); break;
            case pipe::ReplyBody::TransportStats:
                out.body = stats(*r.body_as_TransportStats());
                break;
            case pipe::ReplyBody::PipeCreated: out.body = created(*r.body_as_PipeCreated()); break;
            case pipe::ReplyBody::PipeConsumed: {
                const auto& b = *r.body_as_PipeConsumed();
                out.body = PipeConsumed{b.ssrc(), b.rtx_ssrc(), b.producer_paused()};
                break;
            }
            case pipe::ReplyBody::PipeStats: out.body = stats(*r.body_as_PipeStats()); break;
            case pipe::ReplyBody::SlotsConsumed:
                out.body = SlotsConsumed{numbers(r.body_as_SlotsConsumed()->ssrcs())};
                break;
            case pipe::ReplyBody::NONE: break;
        }
        return out;
    }

    std::optional<Notification> notification(const pipe::Notification& n) {
        if (n.body() == nullptr) return std::nullopt;
        switch (n.body_type()) {
            case pipe::NotificationBody::IceStateChanged: {
                const auto& b = *n.body_as_IceStateChanged();
                return IceStateChanged{b.transport_id(), static_cast<IceState>(b.state()),
                                       text(b.remote())};
            }
            case pipe::NotificationBody::DtlsStateChanged: {
                const auto& b = *n.body_as_DtlsStateChanged();
                return DtlsStateChanged{b.transport_id(), static_cast<DtlsState>(b.state()),
                                        text(b.reason())};
            }
            case pipe::NotificationBody::Volumes: {
                const auto& b = *n.body_as_Volumes();
                Volumes out{b.observer_id(), {}};
                each(b.volumes(), [&](const pipe::Volume& v) {
                    out.volumes.push_back({v.producer_id(), v.dbov()});
                });
                return out;
            }
            case pipe::NotificationBody::DominantSpeaker: {
                const auto& b = *n.body_as_DominantSpeaker();
                return DominantSpeaker{b.observer_id(), b.producer_id()};
            }
            case pipe::NotificationBody::PipeStateChanged: {
                const auto& b = *n.body_as_PipeStateChanged();
                return PipeStateChanged{b.pipe_id(), static_cast<PipeState>(b.state())};
            }
            case pipe::NotificationBody::SlotSpeakers: {
                SlotSpeakers out;
                each(n.body_as_SlotSpeakers()->slots(), [&](const pipe::SlotSpeaker& s) {
                    out.slots.push_back({s.transport_id(), s.consumer_id(), s.csrc()});
                });
                return out;
            }
            case pipe::NotificationBody::RouterOpened: {
                const auto& b = *n.body_as_RouterOpened();
                return RouterOpened{b.router_id(), text(b.trace())};
            }
            case pipe::NotificationBody::NONE: break;
        }
        return std::nullopt;
    }

private:
    bool spend(size_t bytes) {
        ok_ = ok_ && bytes <= budget_;
        if (ok_) budget_ -= bytes;
        return ok_;
    }

    template <typename Vector, typename Visit>
    void each(const Vector* vector, Visit visit) {
        if (vector == nullptr) return;
        for (const auto* item : *vector) {
            if (!spend(sizeof(void*))) return;
            visit(*item);
        }
    }

    std::string text(const fb::String* from) {
        if (from == nullptr || from->size() > kMaxTextBytes || !spend(from->size())) return {};
        return from->str();
    }

    std::string bytes(const fb::Vector<uint8_t>* from) {
        if (from == nullptr || from->size() > kMaxTextBytes || !spend(from->size())) return {};
        return {from->begin(), from->end()};
    }

    std::vector<uint32_t> numbers(const fb::Vector<uint32_t>* from) {
        if (from == nullptr || !spend(from->size() * sizeof(uint32_t))) return {};
        return {from->begin(), from->end()};
    }

    IceParameters ice(const pipe::IceParameters* from) {
        if (from == nullptr) return {};
        return {text(from->username_fragment()), text(from->password())};
    }

    HelloReply hello(const pipe::HelloReply& from) {
        return {from.major(), from.minor(), text(from.worker_id()), from.pid(), from.routers()};
    }

    TransportParameters created(const pipe::TransportCreated& from) {
        TransportParameters out;
        out.ice = ice(from.ice_parameters());
        const auto take = [&](const fb::Vector<fb::Offset<pipe::IceCandidate>>* all, bool tcp) {
            each(all, [&](const pipe::IceCandidate& c) {
                out.candidates.push_back(
                    {text(c.foundation()), c.priority(), text(c.ip()), c.port(), tcp});
            });
        };
        take(from.ice_candidates(), false);
        take(from.tcp_candidates(), true);
        each(from.fingerprints(), [&](const pipe::Fingerprint& f) {
            out.fingerprints.push_back({text(f.algorithm()), text(f.value())});
        });
        return out;
    }

    PipeCreated created(const pipe::PipeCreated& from) {
        PipeCreated out{
            {}, bytes(from.key()), bytes(from.salt()), from.version(), from.capabilities()};
        each(from.listens(), [&](const pipe::Listen& l) {
            out.listens.push_back({text(l.ip()), text(l.announced()), l.port()});
        });
        return out;
    }

    TransportSnapshot transport(const pipe::TransportSnapshot& from) {
        TransportSnapshot out;
        out.transport = from.transport_id();
        out.app_data = bytes(from.app_data());
        each(from.producers(), [&](const pipe::ProducerSnapshot& p) {
            ProducerSnapshot producer{p.producer_id(), text(p.mid()),       {},
                                      p.paused(),      bytes(p.app_data()), p.payload_type(),
                                      p.clock_rate()};
            each(p.encodings(), [&](const pipe::Encoding& e) {
                producer.encodings.push_back({e.ssrc(), text(e.rid())});
            });
            out.producers.push_back(std::move(producer));
        });
        each(from.consumers(), [&](const pipe::ConsumerSnapshot& c) {
            out.consumers.push_back(
                {c.consumer_id(), c.producer_id(), c.ssrc(), text(c.mid()), c.paused()});
        });
        each(from.slots(), [&](const pipe::SlotSnapshot& s) {
            out.slots.push_back({s.consumer_id(), s.ssrc(), text(s.mid()), s.paused(), s.csrc()});
        });
        out.rules = {numbers(from.muted()), numbers(from.pinned())};
        return out;
    }

    void piped(const pipe::RouterSnapshot& from, RouterSnapshot& out) {
        each(from.pipe_consumers(), [&](const pipe::PipeConsumerSnapshot& c) {
            out.pipe_consumers.push_back({c.pipe_id(), c.consumer_id(), c.producer_id(), c.ssrc(),
                                          c.rtx_ssrc(), c.paused(), bytes(c.app_data())});
        });
        each(from.pipe_producers(), [&](const pipe::PipeProducerSnapshot& p) {
            out.pipe_producers.push_back({p.pipe_id(), p.producer_id(), p.ssrc(), p.rtx_ssrc(),
                                          p.payload_type(), p.clock_rate(), p.csrc(), p.paused(),
                                          bytes(p.app_data())});
        });
    }

    Snapshot snapshot(const pipe::Snapshot& from) {
        Snapshot out;
        each(from.routers(), [&](const pipe::RouterSnapshot& r) {
            RouterSnapshot router;
            router.router = r.router_id();
            router.app_data = bytes(r.app_data());
            each(r.transports(), [&](const pipe::TransportSnapshot& t) {
                router.transports.push_back(transport(t));
            });
            each(r.observers(), [&](const pipe::ObserverSnapshot& o) {
                router.observers.push_back({o.observer_id(), static_cast<ObserverKind>(o.kind())});
            });
            piped(r, router);
            out.routers.push_back(std::move(router));
        });
        each(from.pipes(), [&](const pipe::PipeSnapshot& p) {
            out.pipes.push_back({p.pipe_id(), static_cast<PipeState>(p.state()), text(p.remote()),
                                 bytes(p.app_data())});
        });
        return out;
    }

    WorkerInfo stats(const pipe::WorkerStats& from) {
        WorkerInfo out;
        out.rooms = from.routers();
        out.transports = from.transports();
        out.producers = from.producers();
        out.consumers = from.consumers();
        out.packets_received = from.packets_received();
        out.bytes_received = from.bytes_received();
        out.packets_sent = from.packets_sent();
        out.bytes_sent = from.bytes_sent();
        out.rtp_packets_received = from.rtp_packets_received();
        out.rtp_packets_sent = from.rtp_packets_sent();
        out.handshakes_completed = from.handshakes_completed();
        out.handshakes_failed = from.handshakes_failed();
        each(from.drops(),
             [&](const pipe::DropCount& d) { out.drops.emplace_back(text(d.name()), d.count()); });
        out.cpu_ns = from.cpu_ns();
        out.resident_bytes = from.resident_bytes();
        out.loop_delay_max = base::Duration(from.loop_delay_max_us());
        out.loop_delay_mean = base::Duration(from.loop_delay_mean_us());
        out.tcp_connections = from.tcp_connections();
        if (from.quality()) out.quality = quality(*from.quality());
        if (from.pipes()) out.pipes = pipes(*from.pipes());
        return out;
    }

    // Empty when it can not be one.
    Distribution distribution(const pipe::Histogram* from) {
        if (from == nullptr || !from->bounds() || !from->counts()) return {};
        const auto& bounds = *from->bounds();
        const auto& counts = *from->counts();
        const size_t bytes = (bounds.size() + counts.size()) * sizeof(uint64_t);
        if (counts.size() != bounds.size() + 1 || bounds.size() > kMaxBounds) return {};
        if (!spend(bytes) || !std::isfinite(from->sum())) return {};
        Distribution out{
            {bounds.begin(), bounds.end()}, {counts.begin(), counts.end()}, from->sum()};
        const auto no_step = [](double low, double high) { return !(low < high); };
        const bool steps = std::ranges::adjacent_find(out.bounds, no_step) == out.bounds.end();
        const bool finite =
            std::ranges::all_of(out.bounds, [](double b) { return std::isfinite(b); });
        return steps && finite ? out : Distribution{};
    }

    StreamQuality quality(const pipe::StreamQuality* from) {
        if (from == nullptr) return {};
        return {from->packets_expected(), from->packets_lost(), distribution(from->loss_ratio()),
                distribution(from->jitter_seconds()), distribution(from->first_packet_seconds())};
    }

    WorkerQuality quality(const pipe::WorkerQuality& from) {
        return {quality(from.received()), quality(from.sent()),
                distribution(from.round_trip_seconds())};
    }

    WorkerPipes pipes(const pipe::WorkerPipes& from) {
        return {from.pipes(),
                from.connected(),
                from.streams_received(),
                from.streams_sent(),
                from.retransmissions_sent(),
                from.missing(),
                from.repaired(),
                distribution(from.round_trip_seconds())};
    }

    static StreamStats stream(const pipe::StreamStats& s) {
        return {s.id(),        s.ssrc(),          s.packets(),
                s.bytes(),     s.packets_lost(),  s.fraction_lost(),
                s.jitter_ms(), s.round_trip_ms(), s.audio_level_dbov()};
    }

    TransportStats stats(const pipe::TransportStats& from) {
        TransportStats out;
        out.ice = static_cast<IceState>(from.ice_state());
        out.dtls = static_cast<DtlsState>(from.dtls_state());
        out.remote = text(from.remote());
        out.srtp_profile = text(from.srtp_profile());
        out.packets_received = from.packets_received();
        out.bytes_received = from.bytes_received();
        out.packets_sent = from.packets_sent();
        out.bytes_sent = from.bytes_sent();
        each(from.producers(),
             [&](const pipe::StreamStats& s) { out.producers.push_back(stream(s)); });
        each(from.consumers(),
             [&](const pipe::StreamStats& s) { out.consumers.push_back(stream(s)); });
        return out;
    }

    PipeStats stats(const pipe::PipeStats& from) {
        PipeStats out;
        out.state = static_cast<PipeState>(from.state());
        out.remote = text(from.remote());
        out.version = from.version();
        out.round_trip_ms = from.round_trip_ms();
        out.packets_received = from.packets_received();
        out.bytes_received = from.bytes_received();
        out.packets_sent = from.packets_sent();
        out.bytes_sent = from.bytes_sent();
        out.retransmissions_sent = from.retransmissions_sent();
        out.missing = from.missing();
        out.repaired = from.repaired();
        each(from.producers(),
             [&](const pipe::StreamStats& s) { out.producers.push_back(stream(s)); });
        each(from.consumers(),
             [&](const pipe::StreamStats& s) { out.consumers.push_back(stream(s)); });
        return out;
    }

    size_t budget_;
    bool ok_ = true;
};

}  // namespace

std::optional<Frame> parse_frame(std::span<const uint8_t> bytes) {
    fb::Verifier verifier(bytes.data(), bytes.size(), kMaxDepth, kMaxTables);
    if (bytes.size() < 8 || !pipe::VerifyFrameBuffer(verifier)) return std::nullopt;
    const pipe::Frame& frame = *pipe::GetFrame(bytes.data());
    FrameReader reader(bytes.size() * 4 + 64 * 1024);
    Frame out;
    if (frame.replies()) {
        for (const auto* reply : *frame.replies()) {
            if (!reader.ok()) break;
            out.replies.push_back(reader.reply(*reply));
        }
    }
    if (frame.notifications()) {
        for (const auto* notification : *frame.notifications()) {
            if (!reader.ok()) break;
            auto known = reader.notification(*notification);
            if (known) out.notifications.push_back(std::move(*known));
        }
    }
    if (!reader.ok()) return std::nullopt;
    return out;
}

}  // namespace parley::controller::workers
