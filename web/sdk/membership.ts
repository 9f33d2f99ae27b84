// This peer's place in the room: it joins, and mends what breaks. The order: resume the session (signalling/session.ts), restart ICE (mend.ts), join anew.

import type { types } from "mediasoup-client";
import { Alarm, nowMs } from "./alarm.js";
import type { Environment } from "./environment.js";
import { Media } from "./media.js";
import { Mend } from "./mend.js";
import type { Others } from "./others.js";
import type { Rules } from "./rules.js";
import { backoffMs } from "./signalling/backoff.js";
import { Link, RequestError } from "./signalling/link.js";
import { list, record } from "./signalling/message.js";
import type { CloseReason } from "./signalling/refusal.js";
import { JoinError, type RoomState, type Trouble } from "./types.js";
import type { Voice } from "./voice.js";

const establishAttemptsMax = 6; // in one session; then a new one
const sameWaitMs = 50; // how far two waits differ before it is worth saying

export class Membership {
  readonly #link: Link;
  readonly #mend = new Mend();
  readonly #alarm = new Alarm();
  #device: types.Device | undefined;
  #media: Media | undefined;
  #epoch = 0; // grows when the transports that were being made are no longer wanted
  #member = false; // joined, in this session
  #established = false; // a member with transports
  #everJoined = false;
  #down: { attempt: number; retryInMs: number; what: Trouble } | undefined;
  #state: RoomState = { name: "connecting", what: "signalling", attempt: 0, retryInMs: 0 };
  #settle: { resolve(): void; reject(error: JoinError): void } | undefined;

  constructor(
    private readonly environment: Environment,
    private readonly voice: Voice,
    private readonly others: Others,
    public displayName: string,
    private readonly slots: number,
    private readonly rules: Rules,
    address: (query: Record<string, string>) => Promise<string>,
    private readonly onState: (state: RoomState) => void,
    onMoved: () => void,
  ) {
    this.#link = new Link(address, environment.openSocket, {
      onUp: (how) => this.#onUp(how),
      onDown: (attempt, retryInMs, reason) => this.#onDown(attempt, retryInMs, reason),
      onLost: () => this.#onLost(),
      onMoved,
      onEnded: (reason, message) => this.#onEnded(reason, message),
      onNotification: (method, data) => this.#onNotification(method, record(data)),
      onRequest: (method, data) => this.#onRequest(method, data),
    });
  }

  join(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#link.start();
    });
  }

  end(reason: CloseReason, message: string): void {
    this.#link.end(reason, message);
  }

  onNetwork(): void {
    this.#link.onNetwork();
    this.#mend.onNetwork(nowMs());
    this.#act();
  }

  async setDisplayName(displayName: string): Promise<void> {
    await this.#ask("changeDisplayName", { displayName });
    this.displayName = displayName;
  }

  // Throws RequestError when the server refuses.
  setRule(rule: "muted" | "pinned", peerId: string, holds: boolean): Promise<void> {
    return this.rules.set(this.#ask, rule, peerId, holds);
  }

  async stats(): Promise<{ send: RTCStatsReport | undefined; receive: RTCStatsReport | undefined }> {
    return (await this.#media?.stats()) ?? { send: undefined, receive: undefined };
  }

  readonly #ask = (method: string, data?: unknown): Promise<unknown> =>
    this.#link.request(method, data);

  #onUp(how: "fresh" | "resumed" | "recovered"): void {
    this.#down = undefined;
    this.#mend.onSignalling(nowMs(), true);
    if (how === "fresh" || (how === "recovered" && !this.#established)) void this.#establish();
    else if (how === "recovered") void this.#sync();
    this.#act();
  }

  #onDown(attempt: number, retryInMs: number, reason: CloseReason): void {
    const full = reason === "room-full" || reason === "capacity" ? reason : undefined;
    if (full && !this.#everJoined) return this.end(full, "");
    this.#down = { attempt, retryInMs, what: full ?? "signalling" };
    this.#mend.onSignalling(nowMs(), false);
    this.#act();
  }

  #onLost(): void {
    this.#member = false;
    this.#abandonMedia();
  }

  #onEnded(reason: CloseReason, message: string): void {
    this.#onLost();
    this.others.onAll([]);
    this.#alarm.set(Infinity, () => {});
    this.#become({ name: "closed", reason, message });
    this.#settle?.reject(new JoinError(reason, message));
  }

  #abandonMedia(): void {
    this.#epoch++;
    this.#established = false;
    for (const transportId of this.#media?.transportIds ?? []) {
      this.#mend.onTransport(nowMs(), transportId, "closed");
    }
    this.others.onMedia(undefined);
    this.#media?.close();
    this.#media = undefined;
  }

  // Makes transports, joins if that is not done yet, and speaks. Tries again while that could help.
  async #establish(): Promise<void> {
    this.#abandonMedia();
    const epoch = this.#epoch;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#open(epoch);
        return;
      } catch (error) {
        if (epoch !== this.#epoch) return;
        if (!mayPass(error)) return this.end(...endOf(error));
        if (attempt === establishAttemptsMax) return this.#link.renew();
      }
      await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt, Math.random)));
      if (epoch !== this.#epoch) return;
    }
  }

  async #open(epoch: number): Promise<void> {
    if (!this.#member || this.#device === undefined) await this.#load();
    if (epoch !== this.#epoch || this.#device === undefined) return;
    const media = (this.#media ??= this.#newMedia(this.#device));
    await Promise.all([media.openReceive(), this.voice.track && media.openSend()]);
    if (!this.#member) await this.#enter(this.#device, epoch);
    if (epoch !== this.#epoch) return;
    await this.voice.onMedia(media);
    if (epoch !== this.#epoch) return;
    this.#established = true;
    this.#everJoined = true;
    this.#settle?.resolve();
    this.#act();
  }

  #newMedia(device: types.Device): Media {
    const media = new Media(device, this.#ask, {
      onTransport: (id, state) => {
        this.#mend.onTransport(nowMs(), id, state);
        this.#act();
      },
    });
    this.others.onMedia(media);
    return media;
  }

  async #load(): Promise<void> {
    const device = await this.environment.createDevice();
    const capabilities = await this.#ask("getRouterRtpCapabilities");
    await device.load({ routerRtpCapabilities: capabilities as types.RtpCapabilities });
    this.#device = device;
  }

  async #enter(device: types.Device, epoch: number): Promise<void> {
    const answer = await this.#ask("join", {
      displayName: this.displayName,
      device: { flag: device.handlerName.toLowerCase(), name: "parley-sdk" },
      rtpCapabilities: device.recvRtpCapabilities,
      ...(this.slots > 0 ? { audio: { slots: this.slots } } : {}),
    });
    if (epoch !== this.#epoch) return;
    this.#member = true;
    void this.voice.onAdmin(false); // a new membership; the server says so if it is muted as well
    this.others.onAll(record(answer).peers);
    this.rules.onPeers(this.#ask, this.others.peers.keys());
  }

  // The server was restarted and kept the media: what was missed meanwhile is made up for.
  async #sync(): Promise<void> {
    const epoch = this.#epoch;
    try {
      const known = record(await this.#ask("sync"));
      if (epoch !== this.#epoch || this.#media === undefined) return;
      const transports = new Set(list(known.transports));
      if (!this.#media.transportIds.every((id) => transports.has(id))) return this.#establish();
      this.others.onAll(known.peers);
      for (const consumerId of await this.others.onAllHeard(list(known.consumers))) {
        await this.#ask("resumeConsumer", { consumerId });
      }
      if (epoch !== this.#epoch) return;
      const producers = list(known.producers).map((producer) => record(producer));
      await this.voice.onSync(
        producers.map(({ id, paused }) => ({ id: String(id), paused: paused === true })),
      );
    } catch (error) {
      if (epoch === this.#epoch && !gone(error)) this.#link.renew();
    }
  }

  async #onRequest(method: string, data: unknown): Promise<unknown> {
    if (method !== "newConsumer") throw new Error(`this client knows no ${method}`);
    await this.others.hear(data);
    return {};
  }

  #onNotification(method: string, data: Record<string, unknown>): void {
    switch (method) {
      case "muted":
      case "unmuted":
        return void this.voice.onAdmin(method === "muted");
      case "transportsLost":
        return this.#onTransportsLost(list(data.transportIds));
      default:
        this.others.onNotification(method, data);
        if (method === "newPeer") this.rules.onPeers(this.#ask, [String(data.id)]);
    }
  }

  #onTransportsLost(transportIds: unknown[]): void {
    const mine = this.#media?.transportIds ?? [];
    if (!this.#established || mine.some((id) => transportIds.includes(id))) void this.#establish();
    this.#act();
  }

  // Does what mending asks for, and says how things are.
  #act(): void {
    if (this.#state.name === "closed") return;
    for (const action of this.#mend.take()) {
      if (action.type === "rejoin") this.#link.renew();
      // One that fails is tried again at its deadline.
      else void this.#media?.restartIce(action.transportId).catch(() => undefined);
    }
    this.#alarm.set(this.#mend.nextDeadline(), () => {
      this.#mend.onDeadline(nowMs());
      this.#act();
    });
    const well = this.#established && this.#link.isUp && this.#mend.isWell;
    this.#become(well ? { name: "connected" } : this.#trouble());
  }

  #trouble(): RoomState {
    const { attempt, retryInMs, what } = this.#down ?? { attempt: 0, retryInMs: 0, what: "media" };
    const name = this.#everJoined ? "reconnecting" : "connecting";
    return { name, what, attempt, retryInMs };
  }

  #become(state: RoomState): void {
    const before = this.#state;
    this.#state = state;
    if (same(before, state)) return;
    this.onState(state);
  }
}

function same(a: RoomState, b: RoomState): boolean {
  if (a.name !== b.name || a.name === "closed" || b.name === "closed") return false;
  if (a.name === "connected" || b.name === "connected") return true;
  const wait = Math.abs(a.retryInMs - b.retryInMs);
  return a.what === b.what && a.attempt === b.attempt && wait < sameWaitMs;
}

// Refused because its session is gone: the next one makes up for it.
function gone(error: unknown): boolean {
  return error instanceof RequestError && error.code === 0;
}

// Whether asking again could be answered otherwise.
function mayPass(error: unknown): boolean {
  if (!(error instanceof RequestError)) return false;
  return error.code === 0 || error.code >= 404;
}

function endOf(error: unknown): [CloseReason, string] {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof RequestError)) return ["unsupported", message];
  return [error.code === 403 ? "forbidden" : "bad-request", message];
}
