// A Parley server in memory, as docs/signalling.md has it, without media: what tests let go wrong, it
// does on demand.
import { record } from "../sdk/signalling/message.js";

export interface ServerSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
}

export const routerRtpCapabilities = {
  codecs: [
    {
      kind: "audio",
      mimeType: "audio/opus",
      preferredPayloadType: 100,
      clockRate: 48000,
      channels: 2,
      parameters: { minptime: 10, useinbandfec: 1 },
      rtcpFeedback: [],
    },
  ],
  headerExtensions: [
    {
      kind: "audio",
      uri: "urn:ietf:params:rtp-hdrext:sdes:mid",
      preferredId: 1,
      preferredEncrypt: false,
      direction: "sendrecv",
    },
  ],
};

const fingerprint = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, "0")).join(":");

export class Refusal extends Error {
  constructor(
    readonly code: number,
    reason: string,
  ) {
    super(reason);
  }
}

// A peer and its numbered session.
export class FakePeer {
  socket: ServerSocket | undefined;
  joined = false;
  displayName = "";
  device: unknown;
  silenced = false; // by an administrator
  slots = 0; // it hears in
  readonly rules = { muted: new Set<string>(), pinned: new Set<string>() };
  readonly asked: string[] = []; // methods, each as often as it was carried out
  readonly transports = new Set<string>();
  readonly producers = new Map<string, { paused: boolean }>();
  readonly consumers = new Map<
    string,
    { peerId: string | null; producerId: string; slot?: number }
  >();
  said: string[] = []; // numbered messages from seq 1
  readonly carriedOut = new Map<number, string>();
  nextRequestId = 1;
  nextMid = 0;

  constructor(
    readonly id: string,
    readonly session: string,
  ) {}

  get info(): object {
    return { id: this.id, displayName: this.displayName, device: this.device };
  }

  say(message: object): void {
    const text = JSON.stringify({ ...message, seq: this.said.length + 1 });
    this.said.push(text);
    this.socket?.send(text);
  }
  notify(method: string, data: object = {}): void {
    this.say({ notification: true, method, data });
  }
  greet(fields: object): void {
    const data = { id: this.session, graceMs: 15_000, resumed: false, ...fields };
    this.socket?.send(JSON.stringify({ notification: true, method: "session", data }));
  }
}

export class FakeServer {
  readonly peers = new Map<string, FakePeer>();
  // Connections are closed with this instead of being served.
  refusing: { code: number; reason: string } | undefined;
  // Methods that are refused, with what.
  readonly refused = new Map<string, Refusal>();
  connections = 0;
  transportsLeft = Infinity; // the one after these is refused
  #ids = 0;
  #restarted = new Set<FakePeer>();

  connect(address: string, socket: ServerSocket): { onText(text: string): void; onClose(): void } {
    const query = new URL(address).searchParams;
    this.connections++;
    if (this.refusing !== undefined) {
      socket.close(this.refusing.code, this.refusing.reason);
      return { onText: () => {}, onClose: () => {} };
    }
    const peer = this.#admit(query, socket);
    return {
      onText: (text) => peer && this.#onText(peer, text),
      onClose: () => {
        if (peer?.socket === socket) peer.socket = undefined;
      },
    };
  }

  peer(id: string): FakePeer {
    const peer = this.peers.get(id);
    if (peer === undefined) throw new Error(`no peer ${id}`);
    return peer;
  }

  // Cuts the connection, as a network does.
  drop(id: string): void {
    const socket = this.peer(id).socket;
    this.peer(id).socket = undefined;
    socket?.close(1006, "");
  }

  close(id: string, code: number, reason: string): void {
    const peer = this.peer(id);
    this.remove(peer);
    peer.socket?.close(code, reason);
  }

  // The session is forgotten, the others are told; the client does not know yet.
  remove(peer: FakePeer): void {
    this.peers.delete(peer.id);
    for (const producerId of [...peer.producers.keys()]) this.#unproduce(peer, producerId);
    this.#others(peer).forEach((other) => other.notify("peerClosed", { peerId: peer.id }));
  }

  // The worker died: every transport of the room is gone.
  loseTransports(): void {
    const lost = [...this.peers.values()].map((peer) => [peer, [...peer.transports]] as const);
    for (const [peer] of lost) {
      peer.transports.clear();
      peer.producers.clear();
      peer.consumers.clear();
    }
    for (const [peer, transportIds] of lost) {
      peer.notify("transportsLost", { reason: "worker", transportIds });
    }
  }

  // The controller died and came back: the media is kept, the messages are not.
  restart(): void {
    for (const peer of this.peers.values()) {
      peer.said = [];
      peer.carriedOut.clear();
      this.#restarted.add(peer);
    }
    for (const id of this.peers.keys()) this.drop(id);
  }

  // A peer that needs no client.
  addPeer(id: string, displayName: string, speaking = true): FakePeer {
    const peer = new FakePeer(id, `s${++this.#ids}`);
    Object.assign(peer, { displayName, joined: true });
    this.peers.set(id, peer);
    this.#others(peer).forEach((other) => other.notify("newPeer", peer.info));
    if (speaking) this.#produce(peer);
    return peer;
  }

  // Stays in the room, to listen.
  stopSpeaking(id: string): void {
    const peer = this.peer(id);
    for (const producerId of [...peer.producers.keys()]) this.#unproduce(peer, producerId);
  }

  setPaused(id: string, paused: boolean): void {
    const peer = this.peer(id);
    for (const producerId of peer.producers.keys()) this.#pause(peer, producerId, paused);
  }

  // A slot of this listener carries that voice from now on; null: nobody's.
  give(listenerId: string, slot: number, peerId: string | null): void {
    const listener = this.peer(listenerId);
    for (const [consumerId, consumer] of listener.consumers) {
      if (consumer.slot !== slot) continue;
      consumer.peerId = peerId;
      listener.notify("slotSpeakers", { slots: [{ consumerId, peerId }] });
    }
  }

  levels(levels: Array<{ peerId: string; dbov: number }>): void {
    for (const peer of this.peers.values()) peer.notify("audioLevels", { levels });
  }

  #admit(query: URLSearchParams, socket: ServerSocket): FakePeer | undefined {
    const id = query.get("peerId") ?? "";
    const session = query.get("session");
    const known = this.peers.get(id);
    if (session) {
      if (known === undefined || known.session !== session) {
        socket.close(4404, "no-such-session");
        return undefined;
      }
      known.socket = socket;
      known.greet({ resumed: true, recovered: this.#restarted.delete(known) });
      known.said.slice(Number(query.get("received"))).forEach((text) => socket.send(text));
      return known;
    }
    if (known !== undefined) this.close(id, 4409, "replaced");
    const peer = new FakePeer(id, `s${++this.#ids}`);
    peer.socket = socket;
    this.peers.set(id, peer);
    peer.greet({});
    return peer;
  }

  #onText(peer: FakePeer, text: string): void {
    const { request, id, method, data } = record(JSON.parse(text));
    if (request !== true || typeof id !== "number") return;
    const done = peer.carriedOut.get(id);
    if (done !== undefined) return peer.say(JSON.parse(done) as object);
    let answer: object;
    try {
      answer = { ok: true, data: this.#carryOut(peer, String(method), record(data)) ?? {} };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer = { ok: false, errorCode: error.code, errorReason: error.message };
    }
    const response = { response: true, id, ...answer };
    peer.carriedOut.set(id, JSON.stringify(response));
    peer.say(response);
    if (method === "join") this.#offerAll(peer);
    if (method === "createWebRtcTransport" && peer.joined) this.#offerAll(peer);
  }

  #carryOut(peer: FakePeer, method: string, data: Record<string, unknown>): unknown {
    const refusal = this.refused.get(method);
    if (refusal !== undefined) throw refusal;
    peer.asked.push(method);
    const producerId = String(data.producerId);
    switch (method) {
      case "getRouterRtpCapabilities":
        return routerRtpCapabilities;
      case "createWebRtcTransport":
        if (this.transportsLeft-- === 0) throw new Refusal(503, "no worker");
        return this.#createTransport(peer);
      case "restartIce":
        return { usernameFragment: `again${++this.#ids}`, password: "p".repeat(24), iceLite: true };
      case "join":
        Object.assign(peer, { joined: true, displayName: data.displayName, device: data.device });
        peer.slots = Number(record(data.audio).slots ?? 0);
        this.#others(peer).forEach((other) => other.notify("newPeer", peer.info));
        return { peers: this.#people(peer) };
      case "muteSpeaker":
      case "pinSpeaker": {
        const rule = method === "muteSpeaker" ? "muted" : "pinned";
        if (!this.peers.has(String(data.peerId))) throw new Refusal(404, "no such other peer");
        if (data[rule] === true) peer.rules[rule].add(String(data.peerId));
        else peer.rules[rule].delete(String(data.peerId));
        return;
      }
      case "produce":
        return { id: this.#produce(peer) };
      case "closeProducer":
        return this.#unproduce(peer, producerId);
      case "pauseProducer":
        return this.#pause(peer, producerId, true);
      case "resumeProducer":
        if (peer.silenced) throw new Refusal(403, "muted by an administrator");
        return this.#pause(peer, producerId, false);
      case "changeDisplayName":
        peer.displayName = String(data.displayName);
        this.#others(peer).forEach((other) =>
          other.notify("peerDisplayNameChanged", { peerId: peer.id, displayName: peer.displayName }),
        );
        return;
      case "leave":
        this.remove(peer);
        peer.socket?.close(1000, "left");
        return;
      case "sync":
        return this.#sync(peer);
      default:
        return;
    }
  }

  #createTransport(peer: FakePeer): object {
    const id = `t${++this.#ids}`;
    peer.transports.add(id);
    return {
      id,
      iceParameters: { usernameFragment: `fragment-${id}`, password: "p".repeat(24), iceLite: true },
      iceCandidates: [
        { foundation: "1", priority: 1, address: "127.0.0.1", ip: "127.0.0.1", protocol: "udp", port: 9, type: "host" },
      ],
      dtlsParameters: { role: "auto", fingerprints: [{ algorithm: "sha-256", value: fingerprint }] },
    };
  }

  #produce(peer: FakePeer): string {
    const producerId = `p${++this.#ids}`;
    peer.producers.set(producerId, { paused: false });
    this.#others(peer).forEach((other) => this.#offer(other, peer, producerId));
    this.#tellAudio(peer);
    return producerId;
  }

  #unproduce(peer: FakePeer, producerId: string): void {
    peer.producers.delete(producerId);
    this.#tellAudio(peer);
    this.#eachConsumer(producerId, (other, consumerId) => {
      other.consumers.delete(consumerId);
      other.notify("consumerClosed", { consumerId });
    });
  }

  #pause(peer: FakePeer, producerId: string, paused: boolean): void {
    const producer = peer.producers.get(producerId);
    if (producer === undefined) throw new Refusal(404, "no such producer");
    producer.paused = paused;
    this.#tellAudio(peer);
    this.#eachConsumer(producerId, (other, consumerId) =>
      other.notify(paused ? "consumerPaused" : "consumerResumed", { consumerId }),
    );
  }

  #offerAll(peer: FakePeer): void {
    if (peer.slots > 0 && peer.consumers.size === 0 && peer.transports.size > 0) {
      for (let slot = 0; slot < peer.slots; slot++) {
        this.#ask(peer, { peerId: null, producerId: "", slot });
      }
    }
    for (const other of this.#others(peer)) {
      for (const producerId of other.producers.keys()) this.#offer(peer, other, producerId);
    }
  }

  #offer(peer: FakePeer, speaker: FakePeer, producerId: string): void {
    const known = [...peer.consumers.values()].some((c) => c.producerId === producerId);
    if (known || peer.slots > 0 || !peer.joined || peer.transports.size === 0) return;
    this.#ask(peer, { peerId: speaker.id, producerId });
  }

  #ask(peer: FakePeer, consumer: { peerId: string | null; producerId: string; slot?: number }): void {
    const consumerId = `c${++this.#ids}`;
    peer.consumers.set(consumerId, consumer);
    const id = peer.nextRequestId++;
    const data = this.#describe(peer, consumerId);
    peer.say({ request: true, id, method: "newConsumer", data });
  }

  #describe(peer: FakePeer, id: string): object {
    const { peerId, producerId, slot } = peer.consumers.get(id)!;
    const mid = String(peer.nextMid++);
    return {
      id,
      peerId,
      producerId,
      kind: "audio",
      type: "simple",
      appData: {},
      ...(slot === undefined ? {} : { slot }),
      producerPaused: this.peers.get(peerId ?? "")?.producers.get(producerId)?.paused ?? false,
      rtpParameters: {
        mid,
        codecs: [
          {
            mimeType: "audio/opus",
            payloadType: 100,
            clockRate: 48000,
            channels: 2,
            parameters: { minptime: 10, useinbandfec: 1 },
            rtcpFeedback: [],
          },
        ],
        headerExtensions: [],
        encodings: [{ ssrc: 1000 + Number(id.slice(1)) }],
        rtcp: { cname: peerId ?? "slots", reducedSize: true, mux: true },
      },
    };
  }

  #sync(peer: FakePeer): object {
    return {
      peers: this.#people(peer),
      transports: [...peer.transports],
      producers: [...peer.producers].map(([id, { paused }]) => ({ id, kind: "audio", paused })),
      consumers: [...peer.consumers.keys()].map((id) => this.#describe(peer, id)),
    };
  }

  #people(peer: FakePeer): object[] {
    return this.#others(peer).map((other) =>
      peer.slots > 0 ? { ...other.info, audio: audioOf(other) } : other.info,
    );
  }

  #tellAudio(peer: FakePeer): void {
    for (const other of this.#others(peer)) {
      if (other.slots > 0) other.notify("peerAudio", { peerId: peer.id, audio: audioOf(peer) });
    }
  }

  #others(peer: FakePeer): FakePeer[] {
    return [...this.peers.values()].filter((other) => other !== peer && other.joined);
  }

  #eachConsumer(producerId: string, act: (peer: FakePeer, consumerId: string) => void): void {
    for (const peer of this.peers.values()) {
      for (const [consumerId, consumer] of [...peer.consumers]) {
        if (consumer.producerId === producerId) act(peer, consumerId);
      }
    }
  }
}

function audioOf(peer: FakePeer): string {
  const producers = [...peer.producers.values()];
  return producers.some(({ paused }) => !paused) ? "live" : producers.length > 0 ? "muted" : "none";
}
