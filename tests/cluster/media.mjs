// One life of a peer's media, by libdatachannel: a connection that sends its tone, and one that
// brings the voices of all others.

import {
  candidates,
  dtlsParameters,
  remoteDescription,
  rtpParameters,
} from "../e2e/clients/sdp.mjs";
import { nodeDataChannel } from "../e2e/support/packages.mjs";
import {
  described,
  isRtp,
  packetMs,
  payloadOf,
  payloadType,
  rtpPacket,
} from "../interop/datachannel_client.mjs";

let nextSsrc = 1_000;

export class Media {
  #name;
  #ask;
  #onPacket;
  #connections = [];
  #speaking;
  #receive; // a promise of { connection, transport }
  #voices = new Map(); // consumer id -> rtpParameters
  #tracks = []; // kept, else they are collected
  #negotiated = Promise.resolve();

  // `ask(method, data)` asks the server; `onPacket(payload)` is told of every packet that is heard.
  constructor(name, ask, onPacket) {
    this.#name = name;
    this.#ask = ask;
    this.#onPacket = onPacket;
  }

  // Begins to say `packets`, Opus of 20 ms each, over and over.
  async speak(packets) {
    const ssrc = nextSsrc++;
    const { connection, transport } = await this.#open("send");
    const voice = new nodeDataChannel.Audio("0", "SendOnly");
    voice.addOpusCodec(payloadType);
    voice.addSSRC(ssrc, this.#name);
    const track = connection.addTrack(voice);
    const offer = await described(connection, "offer");
    await this.#connect(transport, offer);
    const rtp = rtpParameters(offer);
    connection.setRemoteDescription(remoteDescription("answer", transport, rtp), "answer");
    const asked = { transportId: transport.id, kind: "audio", rtpParameters: rtp, appData: {} };
    await this.#ask("produce", asked);
    this.#say(track, ssrc, packets);
  }

  // As many packets as are due by now: a timer that comes late says all that it missed.
  #say(track, ssrc, packets) {
    const began = performance.now();
    let said = 0;
    this.#speaking = setInterval(() => {
      const due = Math.floor((performance.now() - began) / packetMs);
      for (; said < due; said++) {
        if (!track.isOpen()) continue;
        track.sendMessageBinary(rtpPacket(ssrc, said, packets[said % packets.length]));
      }
    }, packetMs / 2);
  }

  // The transport that others are heard by; the server wants it before `join`.
  listen() {
    return (this.#receive ??= this.#open("recv"));
  }

  // Hears what a newConsumer describes.
  hear({ id, rtpParameters }) {
    this.#negotiated = this.#negotiated.then(async () => {
      const { connection, transport } = await this.listen();
      if (this.#voices.has(id)) return;
      const first = this.#voices.size === 0;
      this.#voices.set(id, rtpParameters);
      const rtp = { ...rtpParameters, mid: "0", encodings: this.#encodings() };
      const known = { ...transport, iceCandidates: [] };
      connection.setRemoteDescription(remoteDescription("offer", known, rtp), "offer");
      if (!first) return connection.setLocalDescription("answer");
      // Only then it may find the server: a handshake that comes before the server knows whom to
      // believe is not answered, and begun again after a second.
      await this.#connect(transport, await described(connection, "answer"));
      for (const candidate of candidates(transport)) connection.addRemoteCandidate(candidate, "0");
    });
    return this.#negotiated;
  }

  // All in one section: libdatachannel tells them apart by their SSRCs.
  #encodings() {
    return [...this.#voices.values()].flatMap(({ encodings }) => encodings);
  }

  // The ids of consumers that are heard.
  get consumers() {
    return [...this.#voices.keys()];
  }

  close() {
    clearInterval(this.#speaking);
    for (const connection of this.#connections) connection.close();
    this.#connections = [];
  }

  async #open(direction) {
    const transport = await this.#ask("createWebRtcTransport", {
      forceTcp: false,
      producing: direction === "send",
      consuming: direction === "recv",
    });
    const connection = new nodeDataChannel.PeerConnection(`${this.#name} ${direction}`, {
      iceServers: [],
      disableAutoNegotiation: true,
    });
    this.#connections.push(connection);
    connection.onTrack((track) => {
      this.#tracks.push(track);
      track.onMessage((packet) => isRtp(packet) && this.#onPacket(payloadOf(packet)));
    });
    return { connection, transport };
  }

  #connect(transport, sdp) {
    const dtls = dtlsParameters(sdp);
    return this.#ask("connectWebRtcTransport", { transportId: transport.id, dtlsParameters: dtls });
  }
}
