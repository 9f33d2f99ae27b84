#include <algorithm>
#include <limits>

#include "worker/engine/control_desk.h"

namespace parley::engine {

using router::refused;

namespace {

float milliseconds(base::Duration duration) {
    return static_cast<float>(duration.count()) / 1000.0f;
}

float jitter_ms(uint32_t ticks, uint32_t clock_rate) {
    return static_cast<float>(ticks) * 1000.0f / static_cast<float>(clock_rate);
}

Offset<pipe::StreamStats> write_stats(FlatBufferBuilder& fbb, const router::Producer& producer) {
    const rtp::ReceiveStatistics& statistics = producer.statistics();
    return pipe::CreateStreamStats(
        fbb, producer.id(), producer.ssrc().value_or(0), statistics.packets(), statistics.bytes(),
        statistics.cumulative_lost(), static_cast<float>(statistics.fraction_lost()) / 256.0f,
        jitter_ms(statistics.jitter_ticks(), producer.options().clock_rate), -1.0f,
        producer.last_level_dbov().value_or(1));
}

Offset<pipe::StreamStats> write_stats(FlatBufferBuilder& fbb, const router::Consumer& consumer) {
    const rtcp::ReportBlock& report = consumer.last_report();
    const auto round_trip = consumer.round_trip();
    const router::Producer* source = consumer.producer();
    return pipe::CreateStreamStats(fbb, consumer.id(), consumer.ssrc(), consumer.packets_sent(),
                                   consumer.bytes_sent(), report.cumulative_lost,
                                   static_cast<float>(report.fraction_lost) / 256.0f,
                                   jitter_ms(report.jitter, consumer.clock_rate()),
                                   round_trip ? milliseconds(*round_trip) : -1.0f,
                                   source ? source->last_level_dbov().value_or(1) : 1);
}

Offset<pipe::Histogram> write_histogram(FlatBufferBuilder& fbb, const base::HistogramView& from) {
    const auto bounds = fbb.CreateVector(from.bounds.data(), from.bounds.size());
    const auto counts = fbb.CreateVector(from.counts.data(), from.counts.size());
    return pipe::CreateHistogram(fbb, bounds, counts, from.sum);
}

Offset<pipe::StreamQuality> write_quality(FlatBufferBuilder& fbb,
                                          const router::StreamQuality& way) {
    const auto loss = write_histogram(fbb, way.loss.view());
    const auto jitter = write_histogram(fbb, way.jitter.view());
    const auto first = write_histogram(fbb, way.first_packet.view());
    return pipe::CreateStreamQuality(fbb, way.packets_expected, way.packets_lost, loss, jitter,
                                     first);
}

Offset<pipe::WorkerQuality> write_quality(FlatBufferBuilder& fbb, const router::Quality& quality) {
    const auto received = write_quality(fbb, quality.received);
    const auto sent = write_quality(fbb, quality.sent);
    const auto round_trip = write_histogram(fbb, quality.round_trip.view());
    return pipe::CreateWorkerQuality(fbb, received, sent, round_trip);
}

Offset<pipe::WorkerPipes> write_pipes(FlatBufferBuilder& fbb, const Media& media,
                                      const router::Counters& counters) {
    uint32_t connected = 0;
    size_t received = 0, sent = 0;
    media.pipes().for_each([&](const router::Pipe& pipe) {
        connected += pipe.state() == router::PipeState::Connected;
        received += pipe.streams();
        sent += pipe.consumers();
    });
    const router::Quality& quality = counters.quality;
    const auto round_trip = write_histogram(fbb, quality.pipe_round_trip.view());
    return pipe::CreateWorkerPipes(fbb, static_cast<uint32_t>(media.pipes().size()), connected,
                                   static_cast<uint32_t>(received), static_cast<uint32_t>(sent),
                                   counters.retransmissions_sent, quality.pipe_missing,
                                   quality.pipe_repaired, round_trip);
}

const char* name_of(std::optional<srtp::Profile> profile) {
    if (!profile) return "";
    switch (*profile) {
        case srtp::Profile::AesCm128HmacSha1_80: return "AES_CM_128_HMAC_SHA1_80";
        case srtp::Profile::AeadAes128Gcm: return "AEAD_AES_128_GCM";
        case srtp::Profile::AeadAes256Gcm: return "AEAD_AES_256_GCM";
    }
    return "";
}

uint32_t micros(base::Duration span) {
    constexpr int64_t kMost = std::numeric_limits<uint32_t>::max();
    return static_cast<uint32_t>(std::clamp<int64_t>(span.count(), 0, kMost));
}

}  // namespace

Answer carry_out(const pipe::GetWorkerStats&, Desk& desk) {
    const router::Counters& counters = desk.turn.counters;
    const Usage& usage = desk.worker.usage;
    std::vector<Offset<pipe::DropCount>> drops;
    for (size_t i = 0; i < net::kDropKinds; ++i) {
        const auto why = static_cast<net::Drop>(i);
        const std::string_view drop = net::kDropNames[i];
        const auto name = desk.fbb.CreateString(drop.data(), drop.size());
        drops.push_back(
            pipe::CreateDropCount(desk.fbb, name, counters.drops[why] + usage.drops[why]));
    }
    const auto all_drops = desk.fbb.CreateVector(drops);
    const auto quality = write_quality(desk.fbb, counters.quality);
    const auto pipes = write_pipes(desk.fbb, desk.worker.media, counters);
    pipe::WorkerStatsBuilder stats(desk.fbb);
    stats.add_routers(static_cast<uint32_t>(desk.worker.media.routers().size()));
    stats.add_transports(static_cast<uint32_t>(desk.worker.media.transports()));
    stats.add_producers(static_cast<uint32_t>(desk.worker.media.producers()));
    stats.add_consumers(static_cast<uint32_t>(desk.worker.media.consumers()));
    stats.add_packets_received(counters.packets_received);
    stats.add_bytes_received(counters.bytes_received);
    stats.add_packets_sent(desk.turn.out.packets());
    stats.add_bytes_sent(desk.turn.out.bytes());
    stats.add_rtp_packets_received(counters.rtp_received);
    stats.add_rtp_packets_sent(counters.copies_sent);
    stats.add_drops(all_drops);
    stats.add_handshakes_completed(counters.handshakes_completed);
    stats.add_handshakes_failed(counters.handshakes_failed);
    stats.add_cpu_ns(usage.cpu_ns);
    stats.add_resident_bytes(usage.resident_bytes);
    stats.add_loop_delay_max_us(micros(usage.loop_delay_most));
    stats.add_loop_delay_mean_us(micros(usage.loop_delay_mean));
    stats.add_quality(quality);
    stats.add_pipes(pipes);
    stats.add_tcp_connections(usage.tcp_connections);
    return with(stats.Finish());
}

Answer carry_out(const pipe::GetTransportStats& ask, Desk& desk) {
    const router::Leg* leg = desk.worker.media.find_transport(ask.transport_id());
    if (!leg) return refused(Refusal::NotFound, "no such transport");
    std::vector<Offset<pipe::StreamStats>> producers, consumers;
    for (const router::Producer* producer : leg->producers) {
        producers.push_back(write_stats(desk.fbb, *producer));
    }
    for (const router::Consumer* consumer : leg->consumers) {
        consumers.push_back(write_stats(desk.fbb, *consumer));
    }
    const router::Transport& transport = leg->transport;
    const auto selected = transport.ice().selected();
    const std::string remote = selected ? net::to_text(selected->remote) : "";
    return with(pipe::CreateTransportStatsDirect(
        desk.fbb, static_cast<pipe::IceState>(transport.ice().state()),
        static_cast<pipe::DtlsState>(transport.dtls_state()), remote.c_str(),
        name_of(transport.srtp_profile()), transport.inlet().packets_received(),
        transport.inlet().bytes_received(), transport.outlet().packets_sent(),
        transport.outlet().bytes_sent(), &producers, &consumers));
}

Answer carry_out(const pipe::GetPipeStats& ask, Desk& desk) {
    router::Pipe* pipe = desk.worker.media.find_pipe(ask.pipe_id());
    if (!pipe) return refused(Refusal::NotFound, "no such pipe");
    std::vector<Offset<pipe::StreamStats>> producers, consumers;
    pipe->for_each_stream([&](const router::PipedStream& stream) {
        producers.push_back(write_stats(desk.fbb, stream.producer));
    });
    pipe->for_each_consumer([&](const router::PipedConsumer& consumer) {
        consumers.push_back(write_stats(desk.fbb, consumer.stream()));
    });
    const auto path = pipe->path();
    const std::string remote = path ? net::to_text(path->remote) : "";
    const auto round_trip = pipe->round_trip();
    return with(pipe::CreatePipeStatsDirect(
        desk.fbb, static_cast<pipe::PipeState>(pipe->state()), remote.c_str(),
        pipe->agreed().version, round_trip ? milliseconds(*round_trip) : -1.0f,
        pipe->inlet().packets_received(), pipe->inlet().bytes_received(),
        pipe->outlet().packets_sent(), pipe->outlet().bytes_sent(), pipe->retransmissions_sent(),
        pipe->missing(), pipe->repaired(), &producers, &consumers));
}

}  // namespace parley::engine
