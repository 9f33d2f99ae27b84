// A voice room: join it, hear and be heard, and stay in it while networks and servers come and go.

import { isId, randomId, signallingUrl } from "./address.js";
import { Alarm, nowMs } from "./alarm.js";
import { page, type Environment } from "./environment.js";
import { Emitter } from "./events.js";
import { Gauge } from "./gauge.js";
import { Levels } from "./levels.js";
import { Membership } from "./membership.js";
import { Others } from "./others.js";
import type { Peer } from "./peer.js";
import type { Playback } from "./playback.js";
import type { Quality } from "./quality.js";
import { Rules } from "./rules.js";
import { JoinError, type RoomEvents, type RoomOptions, type RoomState } from "./types.js";
import { Voice, type MicrophoneState } from "./voice.js";

const patienceMs = 15_000;
const lookEveryMs = 2_000;

export class Room extends Emitter<RoomEvents> {
  readonly id: string; // the room's
  readonly peerId: string; // this peer's
  readonly #environment: Environment;
  readonly #options: RoomOptions;
  readonly #others: Others;
  readonly #membership: Membership;
  readonly #voice: Voice;
  readonly #playback: Playback;
  readonly #rules: Rules;
  readonly #volumes = new Map<string, number>(); // by peer id, where it is not 1
  readonly #levels = new Levels();
  readonly #gauge = new Gauge();
  readonly #levelsAlarm = new Alarm();
  readonly #lookAlarm = new Alarm();
  readonly #patience = new Alarm();
  readonly #offs: Array<() => void> = [];
  #state: RoomState = { name: "connecting", what: "signalling", attempt: 0, retryInMs: 0 };
  #quality: Quality | undefined;
  #activeSpeaker: string | undefined;

  // Joins a room: resolves when this peer is in it and heard. Throws JoinError when it may not join,
  // or the server does not answer. To hear events from the first on: `new Room()`, `on()`, `join()`.
  static async join(options: RoomOptions): Promise<Room> {
    const room = new Room(options);
    await room.join();
    return room;
  }

  // `environment` is for tests.
  constructor(options: RoomOptions, environment: Environment = page) {
    super();
    this.#options = options;
    this.#environment = environment;
    this.id = options.room;
    this.peerId = options.peer ?? randomId();
    this.#playback = environment.createPlayback((blocked) =>
      this.emit("playbackBlocked", { blocked }),
    );
    this.#voice = new Voice(
      environment.openMicrophone,
      {
        onMicrophone: (change) => this.emit("microphone", change),
        onMuted: (muted, by) => this.emit("muted", { muted, by }),
      },
      options.muted ?? false,
    );
    this.#others = new Others(this.peerId, {
      onPeer: (type, peer) => this.emit(type, { peer }),
      onStream: (consumerId, track) => this.#playback.play(consumerId, track),
      onStreamEnded: (consumerId) => this.#playback.stop(consumerId),
      onTrack: (peer, consumerId, track) => {
        this.#playback.setVolume(consumerId, this.#volumeOf(peer.id));
        this.emit("track", { peer, track });
      },
      onTrackRemoved: (peer, track) => this.emit("trackRemoved", { peer, track }),
      onActiveSpeaker: (peerId) => {
        this.#activeSpeaker = peerId;
        this.emit("activeSpeaker", { peerId });
      },
      onLevels: (levels) => this.#onLevels(this.#levels.onLevels(nowMs(), levels)),
    });
    this.#rules = new Rules((options.slots ?? 0) > 0);
    this.#membership = new Membership(
      environment,
      this.#voice,
      this.#others,
      options.displayName,
      options.slots ?? 0,
      this.#rules,
      (query) => this.#address(query),
      (state) => this.#onState(state),
      () => this.emit("moved", {}),
    );
  }

  get state(): RoomState {
    return this.#state;
  }
  // The others, by id, in the order in which they came.
  get peers(): ReadonlyMap<string, Peer> {
    return this.#others.peers;
  }
  get displayName(): string {
    return this.#membership.displayName;
  }
  get muted(): boolean {
    return this.#voice.mutedBy !== undefined;
  }
  get mutedBy(): "self" | "admin" | undefined {
    return this.#voice.mutedBy;
  }
  get microphone(): MicrophoneState {
    return this.#voice.state;
  }
  // What this peer speaks with.
  get track(): MediaStreamTrack | undefined {
    return this.#voice.track;
  }
  // Of this client's own connection; undefined until it was measured.
  get quality(): Quality | undefined {
    return this.#quality;
  }
  // Levels from 0 to 1 by peer id, as in the event `speaking`.
  get levels(): ReadonlyMap<string, number> {
    return this.#levels.all();
  }
  get activeSpeaker(): string | undefined {
    return this.#activeSpeaker;
  }

  // See the static join().
  async join(): Promise<void> {
    if (!isId(this.id) || !isId(this.peerId)) {
      throw new JoinError("bad-request", "an id is 1 to 64 of A-Z a-z 0-9 _ . : -");
    }
    const { audio = false, inputDevice, outputDevice } = this.#options;
    await this.#voice.begin(audio, inputDevice);
    if (outputDevice) await this.#playback.setOutput(outputDevice);
    this.#offs.push(
      this.#environment.watchNetwork(() => this.#membership.onNetwork()),
      this.#environment.watchDevices(() => void this.#voice.onDevices()),
      this.#environment.watchGoing(() => this.leave()),
    );
    const patience = this.#options.patienceMs ?? patienceMs;
    this.#patience.set(nowMs() + patience, () => this.#membership.end("unreachable", ""));
    this.#look();
    await this.#membership.join();
  }

  // Leaves at once; the others are told. Safe to call twice.
  leave(): void {
    this.#membership.end("left", "");
  }

  // Speaks with this track from now on. It stays the caller's to stop.
  publish(track: MediaStreamTrack): Promise<void> {
    return this.#voice.publish(track);
  }
  mute(): Promise<void> {
    return this.#voice.setMuted(true);
  }
  // What an administrator muted stays muted; `mutedBy` tells.
  unmute(): Promise<void> {
    return this.#voice.setMuted(false);
  }
  // Speaks with another microphone ("": the default one). Throws MicrophoneError, and the one before
  // stays in use.
  setInputDevice(id: string): Promise<void> {
    return this.#voice.setDevice(id);
  }
  // Throws when there is no such loudspeaker, or the browser can not choose one.
  setOutputDevice(id: string): Promise<void> {
    return this.#playback.setOutput(id);
  }
  // How loud a peer is played here: 0 to 1.
  setVolume(peerId: string, volume: number): void {
    if (volume === 1) this.#volumes.delete(peerId);
    else this.#volumes.set(peerId, volume);
    this.#playAsLoud(peerId);
  }
  // Whether this client hears a peer at all; nobody else notices. With slots another voice is heard
  // instead. Throws RequestError when the server refuses.
  async muteHere(peerId: string, muted: boolean): Promise<void> {
    try {
      const asked = this.#membership.setRule("muted", peerId, muted);
      this.#playAsLoud(peerId);
      await asked;
    } finally {
      this.#playAsLoud(peerId);
    }
  }
  mutedHere(peerId: string): boolean {
    return this.#rules.has("muted", peerId);
  }
  // With slots: a peer who is pinned always has one, however quiet. Throws RequestError when the
  // server refuses: at most 8 can be.
  pin(peerId: string, pinned: boolean): Promise<void> {
    return this.#membership.setRule("pinned", peerId, pinned);
  }
  pinned(peerId: string): boolean {
    return this.#rules.has("pinned", peerId);
  }
  // Plays what the browser held back (event playbackBlocked). Call it from a click.
  resumePlayback(): Promise<void> {
    return this.#playback.resume();
  }
  async setDisplayName(displayName: string): Promise<void> {
    await this.#membership.setDisplayName(displayName);
  }

  // What the browser measures, RTCStats of both transports, for finding faults.
  async stats(): Promise<{ send: unknown[]; receive: unknown[] }> {
    const stats = await this.#membership.stats();
    const list = (report: RTCStatsReport | undefined) =>
      report ? [...(report as unknown as Map<string, unknown>).values()] : [];
    return { send: list(stats.send), receive: list(stats.receive) };
  }

  async #address(query: Record<string, string>): Promise<string> {
    const { token, url = "/" } = this.#options;
    const fetched = typeof token === "function" ? await token() : token;
    return signallingUrl(url, globalThis.location?.href, {
      roomId: this.id,
      peerId: this.peerId,
      ...query,
      ...(fetched === undefined ? {} : { token: fetched }),
    });
  }

  #onState(state: RoomState): void {
    const before = this.#state.name;
    this.#state = state;
    if (state.name === "connected") this.#patience.set(Infinity, () => {});
    if (state.name === "closed") this.#close();
    this.emit("state", state);
    if (before === "reconnecting" && state.name === "connected") this.emit("reconnected", {});
  }

  #onLevels(changed: boolean): void {
    if (!changed) return;
    for (const peer of this.peers.values()) peer.level = this.#levels.of(peer.id);
    this.#levelsAlarm.set(this.#levels.nextDeadline(), () =>
      this.#onLevels(this.#levels.onDeadline(nowMs())),
    );
    this.emit("speaking", { levels: this.levels });
  }

  #volumeOf(peerId: string): number {
    return this.mutedHere(peerId) ? 0 : (this.#volumes.get(peerId) ?? 1);
  }

  #playAsLoud(peerId: string): void {
    const consumerIds = this.peers.get(peerId)?.tracks.keys() ?? [];
    for (const id of consumerIds) this.#playback.setVolume(id, this.#volumeOf(peerId));
  }

  #look(): void {
    this.#lookAlarm.set(nowMs() + lookEveryMs, () => {
      void this.#measure().finally(() => {
        if (this.#state.name !== "closed") this.#look();
      });
    });
  }

  async #measure(): Promise<void> {
    const { send, receive } = await this.#membership.stats();
    if (this.#state.name === "connecting" || this.#state.name === "closed") return;
    const connected = this.#state.name === "connected" || this.#state.what !== "media";
    const speakerOf = (mid: string) => this.#others.speakerOf(mid);
    for (const reading of this.#gauge.onLook({ send, receive, connected, speakerOf })) {
      const peer = reading.peerId === undefined ? undefined : this.peers.get(reading.peerId);
      if (peer !== undefined) peer.quality = reading.quality;
      else this.#quality = reading.quality;
      this.emit("quality", reading);
    }
  }

  #close(): void {
    for (const alarm of [this.#levelsAlarm, this.#lookAlarm, this.#patience]) {
      alarm.set(Infinity, () => {});
    }
    for (const off of this.#offs.splice(0)) off();
    this.#onLevels(this.#levels.onLevels(nowMs(), []));
    this.#levelsAlarm.set(Infinity, () => {});
    this.#voice.close();
    this.#playback.close();
  }
}

