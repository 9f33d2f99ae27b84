// A client as it stands in mediasoup-demo: mediasoup-client over protoo-client, and nothing of
// Parley's. Bundled for a page, which sets `join` to work.

import { Device } from "mediasoup-client";
import { Peer, WebSocketTransport } from "protoo-client";

// Joins, speaks with `track` unless it is undefined, and calls `onVoice` for each voice that comes.
// Resolves to what can be done then.
window.joinClassic = async (url, { displayName, track, onVoice }) => {
  const peer = new Peer(new WebSocketTransport(url));
  const names = new Map();
  let receive;
  const consumers = new Map();
  const told = []; // methods of the notifications

  peer.on("request", async (request, accept, reject) => {
    if (request.method !== "newConsumer") return reject(404, "unknown");
    const { peerId, producerId, id, kind, rtpParameters } = request.data;
    const consumer = await receive.consume({
      id,
      producerId,
      kind,
      rtpParameters,
      streamId: peerId,
    });
    consumers.set(id, consumer);
    accept();
    onVoice(names.get(peerId), consumer.track);
  });
  peer.on("notification", ({ method, data }) => {
    told.push(method);
    if (method === "newPeer") names.set(data.id, data.displayName);
    if (method === "consumerClosed") consumers.get(data.consumerId)?.close();
  });
  await new Promise((resolve, reject) => {
    peer.on("open", resolve);
    peer.on("failed", () => reject(new Error("no connection")));
  });

  const device = await Device.factory();
  await device.load({ routerRtpCapabilities: await peer.request("getRouterRtpCapabilities") });

  async function transport(direction) {
    const wanted = {
      forceTcp: false,
      producing: direction === "send",
      consuming: direction === "recv",
    };
    const info = await peer.request("createWebRtcTransport", {
      ...wanted,
      sctpCapabilities: device.sctpCapabilities,
    });
    const made =
      direction === "send" ? device.createSendTransport(info) : device.createRecvTransport(info);
    made.on("connect", ({ dtlsParameters }, done, fail) =>
      peer
        .request("connectWebRtcTransport", { transportId: made.id, dtlsParameters })
        .then(done, fail),
    );
    made.on("produce", ({ kind, rtpParameters, appData }, done, fail) =>
      peer
        .request("produce", { transportId: made.id, kind, rtpParameters, appData })
        .then(({ id }) => done({ id }), fail),
    );
    return made;
  }

  const send = await transport("send");
  receive = await transport("recv");
  const { peers } = await peer.request("join", {
    displayName,
    device: { name: device.handlerName },
    rtpCapabilities: device.recvRtpCapabilities,
  });
  for (const { id, displayName } of peers) names.set(id, displayName);
  const producer =
    track && (await send.produce({ track, codecOptions: { opusStereo: false, opusDtx: true } }));

  return {
    told,
    request: (method, data) => peer.request(method, data),
    producerId: producer?.id,
    transportIds: [send.id, receive.id],
    stats: async () => ({
      transport: await peer.request("getTransportStats", { transportId: send.id }),
      producer: await peer.request("getProducerStats", { producerId: producer.id }),
      consumer: await peer.request("getConsumerStats", {
        consumerId: consumers.keys().next().value,
      }),
    }),
    pause: async () => {
      producer.pause();
      await peer.request("pauseProducer", { producerId: producer.id });
    },
    resume: async () => {
      await peer.request("resumeProducer", { producerId: producer.id });
      producer.resume();
    },
    restartIce: async () => {
      for (const made of [send, receive]) {
        await made.restartIce({
          iceParameters: await peer.request("restartIce", { transportId: made.id }),
        });
      }
    },
    close: () => peer.close(),
  };
};
