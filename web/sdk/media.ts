// One life of this peer's media: two transports, a producer, the consumers. When the server loses its
// transports a new Media takes this one's place.

import type { types } from "mediasoup-client";
import type { TransportState } from "./mend.js";
import { record } from "./signalling/message.js";

export type Ask = (method: string, data?: unknown) => Promise<unknown>;

export interface MediaListener {
  onTransport(transportId: string, state: TransportState): void;
}

// A voice that arrives here.
export interface Heard {
  id: string; // the consumer's
  slot: boolean; // it carries one after another
  peerId: string | undefined; // whose voice it is now; undefined: a slot that is nobody's
  paused: boolean; // by its speaker
  track: MediaStreamTrack;
}

// In-band FEC repairs single losses; DTX says nothing while nobody speaks.
const codecOptions = { opusFec: true, opusDtx: true };

export class Media {
  #receive: Promise<types.Transport> | undefined;
  #send: Promise<types.Transport> | undefined;
  #transports = new Map<string, types.Transport>();
  #producer: types.Producer | undefined;
  #consumers = new Map<string, { heard: Heard; consumer: types.Consumer }>();
  // Consumers that are being made: what was said of them meanwhile.
  #making = new Map<string, Pick<Heard, "peerId" | "paused"> & { closed: boolean }>();
  #closed = false;

  constructor(
    private readonly device: types.Device,
    private readonly ask: Ask,
    private readonly listener: MediaListener,
  ) {}

  get transportIds(): string[] {
    return [...this.#transports.keys()];
  }
  get producerId(): string | undefined {
    return this.#producer?.id;
  }
  get heard(): Heard[] {
    return [...this.#consumers.values()].map(({ heard }) => heard);
  }

  // Makes the transport that the others are heard through, once; newConsumer waits for it. One that
  // could not be had may be asked for again.
  openReceive(): Promise<types.Transport> {
    return (this.#receive ??= this.#open("receive").catch((error: unknown) => {
      this.#receive = undefined;
      throw error;
    }));
  }
  openSend(): Promise<types.Transport> {
    return (this.#send ??= this.#open("send").catch((error: unknown) => {
      this.#send = undefined;
      throw error;
    }));
  }

  // Produces `track`; `paused` when nobody is to hear it yet. The track is the caller's, and is not
  // stopped here.
  async publish(track: MediaStreamTrack, paused: boolean): Promise<void> {
    const transport = await this.openSend();
    track.enabled = !paused;
    if (this.#producer === undefined) {
      const producer = await transport.produce({ track, codecOptions, stopTracks: false });
      if (this.#closed) return;
      this.#producer = producer;
    }
    if (paused) await this.setPaused(true);
  }

  async unpublish(): Promise<void> {
    const producerId = this.dropProducer();
    if (producerId !== undefined) await this.ask("closeProducer", { producerId });
  }

  // Forgets the producer, which the server does not have (any more). Returns its id.
  dropProducer(): string | undefined {
    const producer = this.#producer;
    this.#producer = undefined;
    producer?.close();
    return producer?.id;
  }

  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    await this.#producer?.replaceTrack({ track });
  }

  // Takes hold here at once; the server is told, and may refuse.
  async setPaused(paused: boolean): Promise<void> {
    const producer = this.#producer;
    if (producer === undefined) return;
    if (paused) producer.pause();
    else producer.resume();
    await this.ask(paused ? "pauseProducer" : "resumeProducer", { producerId: producer.id });
  }

  // Pauses here only: the server did so already.
  silence(): void {
    this.#producer?.pause();
  }

  // Takes what a newConsumer request or `sync` describes. Undefined when it was closed before it was
  // made. Throws when it describes nothing that can be consumed.
  async consume(data: unknown): Promise<Heard | undefined> {
    const { id, peerId, producerId, slot, kind, rtpParameters, producerPaused } = record(data);
    const isSlot = typeof slot === "number";
    if (typeof id !== "string" || typeof producerId !== "string") {
      throw new Error("a consumer without id or producerId");
    }
    if (typeof peerId !== "string" && !isSlot) throw new Error("a consumer without peerId");
    const known = this.#consumers.get(id);
    if (known !== undefined) return known.heard;
    const making = { peerId: textOf(peerId), paused: producerPaused === true, closed: false };
    this.#making.set(id, making);
    try {
      const transport = await this.openReceive();
      const consumer = await transport.consume({
        id,
        producerId: isSlot ? `slot-${slot}` : producerId,
        kind: kind as types.MediaKind,
        rtpParameters: rtpParameters as types.RtpParameters,
        streamId: isSlot ? `slot-${slot}` : String(peerId),
      });
      if (making.closed) consumer.close();
      if (making.closed || this.#closed) return undefined;
      const { track } = consumer;
      const heard = { id, slot: isSlot, peerId: making.peerId, paused: making.paused, track };
      this.#consumers.set(id, { heard, consumer });
      return heard;
    } finally {
      this.#making.delete(id);
    }
  }

  stopConsuming(id: string): void {
    const making = this.#making.get(id);
    if (making !== undefined) making.closed = true;
    this.#consumers.get(id)?.consumer.close();
    this.#consumers.delete(id);
  }

  // The speaker paused or resumed. Returns whose voice it was, if it is heard.
  setHeardPaused(id: string, paused: boolean): Heard | undefined {
    const making = this.#making.get(id);
    if (making !== undefined) making.paused = paused;
    const heard = this.#consumers.get(id)?.heard;
    if (heard !== undefined) heard.paused = paused;
    return heard;
  }

  // A slot carries this peer's voice from now on. Returns it as it was until now, if it is there.
  setSpeaker(id: string, peerId: string | undefined): Heard | undefined {
    const making = this.#making.get(id);
    if (making !== undefined) making.peerId = peerId;
    const entry = this.#consumers.get(id);
    if (entry === undefined || !entry.heard.slot) return undefined;
    const before = entry.heard;
    entry.heard = { ...before, peerId };
    return before;
  }

  // By the mid of its media section, as in RTCStats.
  heardByMid(mid: string): Heard | undefined {
    for (const { heard, consumer } of this.#consumers.values()) {
      if (consumer.rtpParameters.mid === mid) return heard;
    }
    return undefined;
  }

  async restartIce(transportId: string): Promise<void> {
    const transport = this.#transports.get(transportId);
    if (transport === undefined) return;
    const answer = (await this.ask("restartIce", { transportId })) as Restarted;
    const { iceServers, ...iceParameters } = answer;
    if (transport.closed) return;
    if (iceServers !== undefined) {
      // The credentials of relays end; these are new. Firefox goes on with what it has.
      await transport.updateIceServers({ iceServers }).catch(() => undefined);
    }
    await transport.restartIce({ iceParameters });
  }

  async stats(): Promise<{ send: RTCStatsReport | undefined; receive: RTCStatsReport | undefined }> {
    const [send, receive] = await Promise.all(
      (["send", "recv"] as const).map((direction) =>
        [...this.#transports.values()].find((t) => t.direction === direction)?.getStats(),
      ),
    );
    return { send, receive };
  }

  // Says nothing to the server: its side is gone, or goes with the peer.
  close(): void {
    this.#closed = true;
    for (const transport of this.#transports.values()) transport.close();
    this.#transports.clear();
    this.#consumers.clear();
    this.#producer = undefined;
  }

  async #open(way: "send" | "receive"): Promise<types.Transport> {
    const sending = way === "send";
    const options = (await this.ask("createWebRtcTransport", {
      producing: sending,
      consuming: !sending,
      forceTcp: false,
    })) as types.TransportOptions;
    if (this.#closed) throw new Error("the media was closed meanwhile");
    const transport = sending
      ? this.device.createSendTransport(options)
      : this.device.createRecvTransport(options);
    this.#transports.set(transport.id, transport);
    transport.on("connectionstatechange", (state) => {
      if (!this.#closed) this.listener.onTransport(transport.id, state);
    });
    transport.on("connect", ({ dtlsParameters }, done, failed) => {
      this.ask("connectWebRtcTransport", { transportId: transport.id, dtlsParameters }).then(
        done,
        failed,
      );
    });
    transport.on("produce", ({ kind, rtpParameters, appData }, done, failed) => {
      this.ask("produce", { transportId: transport.id, kind, rtpParameters, appData }).then(
        (answer) => done({ id: String(record(answer).id) }),
        failed,
      );
    });
    return transport;
  }
}

// What restartIce is answered with: the ICE parameters, and relays where there are any.
type Restarted = types.IceParameters & { iceServers?: RTCIceServer[] };

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
