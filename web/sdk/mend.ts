// Decides how media that stopped is mended: wait a moment, restart ICE, and at last join anew.
//
// Sans I/O: what was heard goes in with `now` (milliseconds), Actions come out of take(). Signalling
// mends itself (signalling/session.ts); nothing here happens without it.

export type TransportState =
  | "new"
  | "connecting"
  | "connected"
  | "disconnected"
  | "failed"
  | "closed";

export type Action = { type: "restartIce"; transportId: string } | { type: "rejoin" };

export const blinkMs = 2_000; // most disconnections end by themselves within this
export const connectMs = 12_000; // a transport that takes longer to connect will not
export const restartMs = 8_000; // what a restart is given before the next one
export const restartsMax = 3;

interface Transport {
  state: TransportState;
  restarts: number; // since it was last connected
  actAt: number; // Infinity: well, or not begun
}

export class Mend {
  #transports = new Map<string, Transport>();
  #signalling = false;
  #actions: Action[] = [];

  take(): Action[] {
    return this.#actions.splice(0);
  }

  // Every transport that has begun is connected.
  get isWell(): boolean {
    for (const transport of this.#transports.values()) {
      if (transport.actAt !== Infinity && transport.state !== "connecting") return false;
      if (transport.restarts > 0) return false;
    }
    return true;
  }

  onSignalling(now: number, up: boolean): void {
    this.#signalling = up;
    this.onDeadline(now);
  }

  onTransport(now: number, id: string, state: TransportState): void {
    if (state === "closed") return void this.#transports.delete(id);
    const transport = this.#transports.get(id) ?? { state, restarts: 0, actAt: Infinity };
    this.#transports.set(id, transport);
    transport.state = state;
    if (state === "connected") Object.assign(transport, { restarts: 0, actAt: Infinity });
    // While a restart is under way it is that restart's deadline which counts.
    if (transport.restarts === 0) {
      if (state === "connecting") transport.actAt = now + connectMs;
      if (state === "disconnected") transport.actAt = now + blinkMs;
    }
    if (state === "failed") transport.actAt = now;
    this.onDeadline(now);
  }

  // Another network, or the network again: what is not connected is restarted without waiting.
  onNetwork(now: number): void {
    for (const transport of this.#transports.values()) {
      if (transport.state === "disconnected") transport.actAt = now;
    }
    this.onDeadline(now);
  }

  onDeadline(now: number): void {
    if (!this.#signalling) return;
    for (const [transportId, transport] of this.#transports) {
      if (now < transport.actAt) continue;
      if (transport.restarts === restartsMax) {
        this.#transports.clear();
        this.#actions.push({ type: "rejoin" });
        return;
      }
      transport.restarts++;
      transport.actAt = now + restartMs;
      this.#actions.push({ type: "restartIce", transportId });
    }
  }

  // Infinity when there is nothing to wait for.
  nextDeadline(): number {
    if (!this.#signalling) return Infinity;
    let next = Infinity;
    for (const transport of this.#transports.values()) next = Math.min(next, transport.actAt);
    return next;
  }
}
