// Joins a room for a client that speaks SDP: one connection for its own voice, one for each that it
// hears.

import { connectProtoo } from "./protoo.mjs";
import { dtlsParameters, remoteDescription, rtpParameters } from "./sdp.mjs";

// `client` is told, and answers:
//   offer() -> sdp of a connection that sends one voice; answered(sdp): the answer to it;
//   hear(name, sdp) -> answer to a connection that brings the voice of the peer `name`.
// Resolves when its voice is taken.
export async function joinBySdp(t, server, room, name, client) {
  const names = new Map();
  const protoo = await connectProtoo(
    t,
    server,
    room,
    name,
    async (method, { peerId, rtpParameters }) => {
      if (method !== "newConsumer") throw new Error(method);
      await hear(names.get(peerId), rtpParameters);
    },
  );
  protoo.on("newPeer", ({ id, displayName }) => names.set(id, displayName));
  const capabilities = await protoo.request("getRouterRtpCapabilities");

  const transport = (direction) =>
    protoo.request("createWebRtcTransport", {
      forceTcp: false,
      producing: direction === "send",
      consuming: direction === "recv",
    });
  const connect = ({ id }, sdp) =>
    protoo.request("connectWebRtcTransport", {
      transportId: id,
      dtlsParameters: dtlsParameters(sdp),
    });

  // The one voice that is heard: the tests have two people in a room.
  const receive = await transport("recv");
  async function hear(name, rtp) {
    await connect(receive, await client.hear(name, remoteDescription("offer", receive, rtp)));
  }

  const { peers } = await protoo.request("join", {
    displayName: name,
    device: { name: "sdp" },
    rtpCapabilities: capabilities,
  });
  for (const { id, displayName } of peers) names.set(id, displayName);

  const send = await transport("send");
  const offer = await client.offer();
  await connect(send, offer);
  const rtp = rtpParameters(offer);
  await client.answered(remoteDescription("answer", send, rtp));
  await protoo.request("produce", {
    transportId: send.id,
    kind: "audio",
    rtpParameters: rtp,
    appData: {},
  });
  return protoo;
}
