#include "controller/signalling/ortc.h"

#include <algorithm>
#include <array>
#include <optional>

namespace parley::controller::signalling {

namespace {

struct KnownExtension {
    HeaderExtension extension;
    std::string_view uri;
    uint8_t router_id;  // 0: not offered to clients
};

constexpr std::array<KnownExtension, 5> kExtensions = {{
    {HeaderExtension::Mid, "urn:ietf:params:rtp-hdrext:sdes:mid", 1},
    {HeaderExtension::AbsSendTime, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", 4},
    {HeaderExtension::AudioLevel, "urn:ietf:params:rtp-hdrext:ssrc-audio-level", 10},
    {HeaderExtension::RtpStreamId, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", 0},
    {HeaderExtension::TransportSequenceNumber,
     "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", 0},
}};

constexpr size_t kListed = 64;  // codecs, extensions, encodings, fingerprints in one message
constexpr size_t kTextBytes = 256;
constexpr size_t kCnameBytes = 255;  // RFC 3550 §6.5
constexpr size_t kMidBytes = 16;     // what fits a one-byte header extension

base::Err<Error> malformed(std::string reason) {
    return {{ErrorCode::Malformed, std::move(reason)}};
}

std::optional<KnownExtension> extension_of(std::string_view uri) {
    const auto found = std::find_if(kExtensions.begin(), kExtensions.end(),
                                    [&](const KnownExtension& known) { return known.uri == uri; });
    if (found == kExtensions.end()) return std::nullopt;
    return *found;
}

bool is_opus(std::string_view mime_type) {
    constexpr std::string_view kOpus = "audio/opus";
    return std::equal(mime_type.begin(), mime_type.end(), kOpus.begin(), kOpus.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

std::string make_router_capabilities() {
    JsonWriter out;
    out.object().key("codecs").array().object();
    out.text("kind", "audio").text("mimeType", "audio/opus");
    out.number("preferredPayloadType", uint32_t{kOpusPayloadType});
    out.number("clockRate", 48000u).number("channels", 2u);
    out.raw("parameters", R"({"minptime":10,"useinbandfec":1})").raw("rtcpFeedback", "[]");
    out.end_object().end_array().key("headerExtensions").array();
    for (const KnownExtension& known : kExtensions) {
        if (known.router_id == 0) continue;
        out.object().text("kind", "audio").text("uri", known.uri);
        out.number("preferredId", uint32_t{known.router_id}).flag("preferredEncrypt", false);
        out.text("direction", "sendrecv").end_object();
    }
    return out.end_array().end_object().take();
}

// The payload type of the Opus codec among those of one sender.
uint8_t parse_opus(JsonFields& in) {
    const Json codecs = in.array("codecs", kListed);
    if (codecs.size() == 0) in.fail("codecs", "audio/opus");
    JsonFields codec(codecs[size_t{0}], "codecs[0]");
    if (!is_opus(codec.text("mimeType", kTextBytes))) codec.fail("mimeType", "audio/opus");
    const uint64_t payload_type = codec.number("payloadType", 127);
    if (payload_type >= 64 && payload_type <= 95) {
        codec.fail("payloadType", "a number that RTCP does not use (RFC 5761 §4)");
    }
    if (codec.number("clockRate", 1'000'000) != 48000) codec.fail("clockRate", "48000");
    if (codec.number_or("channels", 255, 2) != 2) codec.fail("channels", "2");
    if (in.ok() && !codec.ok()) in.fail("codecs", "one audio/opus: " + codec.error());
    return static_cast<uint8_t>(payload_type);
}

std::vector<Encoding> parse_encodings(JsonFields& in, bool has_mid) {
    const Json listed = in.array_or_nothing("encodings", kListed);
    if (listed.size() > 1) in.fail("encodings", "one: a voice has no layers");
    if (listed.size() == 0) {
        if (!has_mid) in.fail("encodings", "an ssrc or rid where there is no mid");
        return {};
    }
    JsonFields encoding(listed[size_t{0}], "encodings[0]");
    Encoding parsed;
    parsed.ssrc = static_cast<uint32_t>(encoding.number_or("ssrc", 0xffff'ffff, 0));
    parsed.rid = encoding.text_or("rid", kMidBytes, "");
    if (in.ok() && !encoding.ok()) in.fail("encodings", "numbers and texts: " + encoding.error());
    if (parsed.ssrc != 0 || !parsed.rid.empty()) return {parsed};
    if (!has_mid) in.fail("encodings", "an ssrc or rid where there is no mid");
    return {};
}

std::vector<HeaderExtensionId> parse_extensions(JsonFields& in) {
    const Json listed = in.array_or_nothing("headerExtensions", kListed);
    std::vector<HeaderExtensionId> parsed;
    for (size_t i = 0; i < listed.size(); ++i) {
        JsonFields extension(listed[i], "headerExtensions");
        const auto known = extension_of(extension.text("uri", kTextBytes));
        const auto id = static_cast<uint8_t>(extension.number("id", 255));
        if (id == 0 || id == 15) extension.fail("id", "1 to 14 or 16 to 255 (RFC 8285 §4.2)");
        if (!extension.ok()) {
            in.fail("headerExtensions", "uris and ids: " + extension.error());
            return {};
        }
        if (!known) continue;
        for (const HeaderExtensionId& other : parsed) {
            if (other.id == id || other.extension == known->extension) {
                in.fail("headerExtensions", "each uri and each id once");
            }
        }
        parsed.push_back({known->extension, id});
    }
    return parsed;
}

}  // namespace

std::string_view router_rtp_capabilities() {
    static const std::string capabilities = make_router_capabilities();
    return capabilities;
}

Result<ReceiveAbility> parse_rtp_capabilities(Json capabilities) {
    JsonFields in(capabilities, "rtpCapabilities");
    ReceiveAbility ability;
    const Json codecs = in.array_or_nothing("codecs", kListed);
    for (size_t i = 0; i < codecs.size(); ++i) {
        JsonFields codec(codecs[i], "rtpCapabilities.codecs");
        if (is_opus(codec.text("mimeType", kTextBytes))) ability.opus = true;
        if (!codec.ok()) return malformed(codec.error());
    }
    const Json extensions = in.array_or_nothing("headerExtensions", kListed);
    for (const KnownExtension& known : kExtensions) {
        for (size_t i = 0; known.router_id != 0 && i < extensions.size(); ++i) {
            const auto kind = extensions[i]["kind"].text();
            if (kind && !kind->empty() && *kind != "audio") continue;
            if (extensions[i]["uri"].text() != known.uri) continue;
            ability.header_extensions.push_back(known.extension);
            break;
        }
    }
    if (!in.ok()) return malformed(in.error());
    return ability;
}

Result<SendParameters> parse_send_parameters(std::string_view kind, Json rtp_parameters) {
    if (kind != "audio") return malformed("only audio");
    JsonFields in(rtp_parameters, "rtpParameters");
    SendParameters parsed;
    parsed.mid = in.text_or("mid", kMidBytes, "");
    parsed.payload_type = parse_opus(in);
    parsed.clock_rate = 48000;
    parsed.encodings = parse_encodings(in, !parsed.mid.empty());
    parsed.header_extensions = parse_extensions(in);
    if (const Json rtcp = in.object_or_nothing("rtcp"); rtcp.present()) {
        JsonFields fields(rtcp, "rtpParameters.rtcp");
        parsed.cname = fields.text_or("cname", kCnameBytes, "");
        if (!fields.ok()) return malformed(fields.error());
    }
    if (!in.ok()) return malformed(in.error());
    return parsed;
}

Result<std::vector<Fingerprint>> parse_fingerprints(Json dtls_parameters) {
    JsonFields in(dtls_parameters, "dtlsParameters");
    const Json listed = in.array("fingerprints", 8);
    if (listed.size() == 0) in.fail("fingerprints", "at least one");
    std::vector<Fingerprint> parsed;
    for (size_t i = 0; i < listed.size(); ++i) {
        JsonFields print(listed[i], "dtlsParameters.fingerprints");
        parsed.push_back({std::string(print.text("algorithm", 16)),
                          std::string(print.text("value", kTextBytes))});
        if (!print.ok()) return malformed(print.error());
    }
    if (!in.ok()) return malformed(in.error());
    return parsed;
}

Result<DtlsRole> parse_dtls_role(Json dtls_parameters) {
    JsonFields in(dtls_parameters, "dtlsParameters");
    const std::string_view role = in.text_or("role", 16, "auto");
    if (!in.ok()) return malformed(in.error());
    if (role == "auto") return DtlsRole::Auto;
    if (role == "client") return DtlsRole::Client;
    if (role == "server") return DtlsRole::Server;
    return malformed("dtlsParameters.role: wanted auto, client or server");
}

std::vector<HeaderExtensionId> consumer_extensions(const ReceiveAbility& ability) {
    std::vector<HeaderExtensionId> ids;
    for (const KnownExtension& known : kExtensions) {
        if (known.router_id == 0) continue;
        const auto& can = ability.header_extensions;
        if (std::find(can.begin(), can.end(), known.extension) == can.end()) continue;
        ids.push_back({known.extension, known.router_id});
    }
    return ids;
}

std::string write_consumer_parameters(std::string_view mid, uint32_t ssrc, std::string_view cname,
                                      const std::vector<HeaderExtensionId>& extensions) {
    JsonWriter out;
    out.object().text("mid", mid).key("codecs").array().object();
    out.text("mimeType", "audio/opus").number("payloadType", uint32_t{kOpusPayloadType});
    out.number("clockRate", 48000u).number("channels", 2u);
    out.raw("parameters", R"({"minptime":10,"useinbandfec":1})").raw("rtcpFeedback", "[]");
    out.end_object().end_array().key("headerExtensions").array();
    for (const HeaderExtensionId& id : extensions) {
        const auto known = std::find_if(kExtensions.begin(), kExtensions.end(),
                                        [&](const auto& k) { return k.extension == id.extension; });
        out.object().text("uri", known->uri).number("id", uint32_t{id.id});
        out.flag("encrypt", false).raw("parameters", "{}").end_object();
    }
    out.end_array().key("encodings").array().object().number("ssrc", ssrc).end_object().end_array();
    out.key("rtcp").object().text("cname", cname).flag("reducedSize", true).flag("mux", true);
    return out.end_object().end_object().take();
}

std::string write_ice_parameters(const IceParameters& ice, std::string_view ice_servers) {
    JsonWriter out;
    out.object().text("usernameFragment", ice.username_fragment).text("password", ice.password);
    out.flag("iceLite", true);
    if (!ice_servers.empty()) out.raw("iceServers", ice_servers);
    return out.end_object().take();
}

std::string write_transport(uint64_t id, const TransportParameters& parameters,
                            std::string_view ice_servers) {
    JsonWriter out;
    out.object().text("id", std::to_string(id));
    out.raw("iceParameters", write_ice_parameters(parameters.ice));
    out.key("iceCandidates").array();
    for (const IceCandidate& candidate : parameters.candidates) {
        out.object().text("foundation", candidate.foundation);
        out.number("priority", candidate.priority).text("ip", candidate.ip);
        out.text("address", candidate.ip).text("protocol", candidate.tcp ? "tcp" : "udp");
        out.number("port", uint32_t{candidate.port}).text("type", "host");
        if (candidate.tcp) out.text("tcpType", "passive");
        out.end_object();
    }
    out.end_array().key("dtlsParameters").object().text("role", "auto");
    out.key("fingerprints").array();
    for (const Fingerprint& print : parameters.fingerprints) {
        out.object().text("algorithm", print.algorithm).text("value", print.value).end_object();
    }
    out.end_array().end_object();
    if (!ice_servers.empty()) out.raw("iceServers", ice_servers);
    return out.end_object().take();
}

}  // namespace parley::controller::signalling
