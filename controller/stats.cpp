#include "controller/stats.h"

namespace parley::controller {

namespace {

std::string_view name(workers::IceState state) {
    using enum workers::IceState;
    switch (state) {
        case New: return "new";
        case Connected: return "connected";
        case Completed: return "completed";
        case Disconnected: return "disconnected";
        case Closed: return "closed";
    }
    return "unknown";  // of a later worker
}

std::string_view name(workers::DtlsState state) {
    using enum workers::DtlsState;
    switch (state) {
        case New: return "new";
        case Handshaking: return "connecting";
        case Connected: return "connected";
        case Failed: return "failed";
        case Closed: return "closed";
    }
    return "unknown";
}

}  // namespace

void write_transport_members(JsonWriter& out, Instant now, uint64_t transport,
                             const workers::TransportStats& stats) {
    out.text("type", "webrtc-transport").number("timestamp", now.micros() / 1000);
    out.text("transportId", std::to_string(transport));
    out.text("iceState", name(stats.ice)).text("dtlsState", name(stats.dtls));
    out.text("remote", stats.remote).text("srtpProfile", stats.srtp_profile);
    out.number("packetsReceived", stats.packets_received);
    out.number("bytesReceived", stats.bytes_received);
    out.number("packetsSent", stats.packets_sent).number("bytesSent", stats.bytes_sent);
}

void write_stream_members(JsonWriter& out, Instant now, const workers::StreamStats& stream,
                          bool outbound) {
    out.text("type", outbound ? "outbound-rtp" : "inbound-rtp");
    out.number("timestamp", now.micros() / 1000).text("id", std::to_string(stream.id));
    out.text("kind", "audio").text("mimeType", "audio/opus").number("ssrc", stream.ssrc);
    out.number("packetCount", stream.packets).number("byteCount", stream.bytes);
    out.number("packetsLost", stream.packets_lost);
    out.real("fractionLost", double{stream.fraction_lost});
    out.real("jitter", double{stream.jitter_ms});
    if (stream.round_trip_ms >= 0) out.real("roundTripTime", double{stream.round_trip_ms});
    if (!outbound && stream.audio_level_dbov <= 0) {
        out.number("audioLevel", int64_t{stream.audio_level_dbov});
    }
}

std::string write_transport_stats(Instant now, uint64_t transport,
                                  const workers::TransportStats& stats) {
    JsonWriter out;
    out.array().object();
    write_transport_members(out, now, transport, stats);
    return out.end_object().end_array().take();
}

std::string write_stream_stats(Instant now, const workers::StreamStats& stream, bool outbound) {
    JsonWriter out;
    out.array().object();
    write_stream_members(out, now, stream, outbound);
    return out.end_object().end_array().take();
}

}  // namespace parley::controller
