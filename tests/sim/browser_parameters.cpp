#include "tests/sim/browser_parameters.h"

#include <utility>

#include "worker/rtp/header_extension.h"

namespace parley::sim {

namespace {

uint8_t id_of(Json extensions, rtp::Extension extension) {
    for (size_t i = 0; i < extensions.size(); ++i) {
        if (extensions[i]["uri"].text() != rtp::uri_of(extension)) continue;
        return static_cast<uint8_t>(extensions[i]["id"].number().value_or(0));
    }
    return 0;
}

void write_codec(JsonWriter& out, const char* payload_type_name, uint8_t payload_type) {
    out.object().text("kind", "audio").text("mimeType", "audio/opus");
    out.number(payload_type_name, uint32_t{payload_type});
    out.number("clockRate", uint32_t{48'000}).number("channels", uint32_t{2});
    out.raw("parameters", R"({"minptime":10,"useinbandfec":1,"usedtx":1})");
    out.raw("rtcpFeedback", "[]").end_object();
}

}  // namespace

std::string text_of(Json value) {
    return std::string(value.text().value_or(""));
}

RemoteTransport parse_remote(Json data, bool v6) {
    RemoteTransport remote;
    remote.ice.username_fragment = text_of(data["iceParameters"]["usernameFragment"]);
    remote.ice.password = text_of(data["iceParameters"]["password"]);
    const Json candidates = data["iceCandidates"];
    for (size_t i = 0; i < candidates.size(); ++i) {
        if (text_of(candidates[i]["protocol"]) != "udp") continue;
        const auto port = static_cast<uint16_t>(candidates[i]["port"].number().value_or(0));
        const auto address = net::parse_ip(text_of(candidates[i]["ip"]), port);
        if (address && address->is_v4() != v6) remote.candidates.push_back(*address);
    }
    const Json fingerprints = data["dtlsParameters"]["fingerprints"];
    for (size_t i = 0; i < fingerprints.size(); ++i) {
        remote.fingerprints.push_back(
            {text_of(fingerprints[i]["algorithm"]), text_of(fingerprints[i]["value"])});
    }
    return remote;
}

Announced parse_consumer(Json data) {
    const Json parameters = data["rtpParameters"];
    const Json extensions = parameters["headerExtensions"];
    const Json encoding = parameters["encodings"][size_t{0}];
    const Json codec = parameters["codecs"][size_t{0}];
    Announced announced;
    announced.consumer = text_of(data["id"]);
    announced.slot = data["slot"].number().has_value();
    if (!announced.slot) announced.peer = text_of(data["peerId"]);
    announced.ssrc = static_cast<uint32_t>(encoding["ssrc"].number().value_or(0));
    announced.payload_type = static_cast<uint8_t>(codec["payloadType"].number().value_or(0));
    announced.mid = text_of(parameters["mid"]);
    announced.mid_id = id_of(extensions, rtp::Extension::Mid);
    announced.audio_level_id = id_of(extensions, rtp::Extension::AudioLevel);
    return announced;
}

std::string receive_capabilities() {
    JsonWriter out;
    out.object().key("codecs").array();
    write_codec(out, "preferredPayloadType", 100);
    out.end_array().key("headerExtensions").array();
    for (const auto& [extension, id] :
         {std::pair{rtp::Extension::Mid, 1u}, std::pair{rtp::Extension::AbsSendTime, 4u},
          std::pair{rtp::Extension::AudioLevel, 10u}}) {
        out.object().text("kind", "audio").text("uri", rtp::uri_of(extension));
        out.number("preferredId", id).flag("preferredEncrypt", false);
        out.text("direction", "sendrecv").end_object();
    }
    return out.end_array().end_object().take();
}

std::string send_parameters(const VoiceSender& sender) {
    JsonWriter out;
    out.object().text("mid", sender.mid()).key("codecs").array();
    write_codec(out, "payloadType", VoiceSender::kPayloadType);
    out.end_array().key("headerExtensions").array();
    for (const auto& [extension, id] :
         {std::pair{rtp::Extension::Mid, VoiceSender::kMidId},
          std::pair{rtp::Extension::AbsSendTime, VoiceSender::kAbsSendTimeId},
          std::pair{rtp::Extension::AudioLevel, VoiceSender::kAudioLevelId}}) {
        out.object().text("uri", rtp::uri_of(extension)).number("id", uint32_t{id});
        out.flag("encrypt", false).raw("parameters", "{}").end_object();
    }
    out.end_array().key("encodings").array();
    out.object().number("ssrc", sender.ssrc()).flag("dtx", true).end_object();
    out.end_array().key("rtcp").object().text("cname", sender.cname());
    out.flag("reducedSize", true).end_object();
    return out.end_object().take();
}

}  // namespace parley::sim
