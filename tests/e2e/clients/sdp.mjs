// SDP as clients that are no browsers want it, made from what the server says of a transport, and
// back.

// The server's side of a connection with one section of media. `type`: "offer" for what the client
// is to hear, "answer" for its own voice; `rtp`: rtpParameters, or those that the server takes.
// Each of their encodings is a stream.
export function remoteDescription(type, transport, rtp) {
  const { iceParameters, iceCandidates, dtlsParameters } = transport;
  const [codec] = rtp.codecs;
  const { payloadType } = codec;
  const format = Object.entries(codec.parameters ?? {}).map(([key, value]) => `${key}=${value}`);
  const ssrcs = (rtp.encodings ?? []).map(({ ssrc }) => ssrc).filter((ssrc) => ssrc !== undefined);
  const offering = type === "offer";
  return [
    "v=0",
    "o=parley 1 1 IN IP4 0.0.0.0",
    "s=-",
    "t=0 0",
    "a=ice-lite",
    `a=group:BUNDLE ${rtp.mid ?? "0"}`,
    `m=audio 7 UDP/TLS/RTP/SAVPF ${payloadType}`,
    "c=IN IP4 127.0.0.1",
    `a=mid:${rtp.mid ?? "0"}`,
    `a=${offering ? "sendonly" : "recvonly"}`,
    `a=ice-ufrag:${iceParameters.usernameFragment}`,
    `a=ice-pwd:${iceParameters.password}`,
    ...dtlsParameters.fingerprints.map(
      ({ algorithm, value }) => `a=fingerprint:${algorithm} ${value}`,
    ),
    `a=setup:${offering ? "actpass" : "passive"}`,
    "a=rtcp-mux",
    `a=rtpmap:${payloadType} opus/48000/2`,
    ...(format.length > 0 ? [`a=fmtp:${payloadType} ${format.join(";")}`] : []),
    ...(rtp.headerExtensions ?? []).map(({ id, uri }) => `a=extmap:${id} ${uri}`),
    ...ssrcs.map((ssrc) => `a=ssrc:${ssrc} cname:${rtp.rtcp?.cname ?? "parley"}`),
    ...candidates(transport).map((candidate) => `a=${candidate}`),
    ...(iceCandidates.length > 0 ? ["a=end-of-candidates"] : []), // else they are told later
    "",
  ].join("\r\n");
}

// The addresses of the server's side, as addIceCandidate() takes them.
export function candidates({ iceCandidates }) {
  return iceCandidates.map(
    ({ foundation, protocol, priority, address, ip, port, type }) =>
      `candidate:${foundation} 1 ${protocol} ${priority} ${address ?? ip} ${port} typ ${type}`,
  );
}

// What a client's description says of its DTLS; a client always opens the handshake.
export function dtlsParameters(sdp) {
  const [, algorithm, value] = /^a=fingerprint:(\S+) (\S+)/m.exec(sdp);
  return { role: "client", fingerprints: [{ algorithm: algorithm.toLowerCase(), value }] };
}

// The rtpParameters of the one Opus voice that a client's offer has.
export function rtpParameters(sdp) {
  const [, payloadType] = /^a=rtpmap:(\d+) opus/im.exec(sdp);
  const extensions = [...sdp.matchAll(/^a=extmap:(\d+)(?:\/\w+)? (\S+)/gm)];
  return {
    mid: /^a=mid:(\S+)/m.exec(sdp)[1],
    codecs: [
      { mimeType: "audio/opus", payloadType: Number(payloadType), clockRate: 48000, channels: 2 },
    ],
    headerExtensions: extensions.map(([, id, uri]) => ({ id: Number(id), uri })),
    encodings: [{ ssrc: Number(/^a=ssrc:(\d+)/m.exec(sdp)[1]) }],
    rtcp: { cname: /^a=ssrc:\d+ cname:(\S+)/m.exec(sdp)[1] },
  };
}
