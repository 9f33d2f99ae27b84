// The router-service's HTTP API, with the admin key if one was given.

import type { Answer } from "./fleet.js";

export class Refused extends Error {
  // `status` is HTTP's; 0: it does not answer.
  constructor(
    readonly status: number,
    reason: string,
  ) {
    super(reason);
  }
}

export interface Room {
  room: string;
  home: string;
  peers: number;
}

export interface LargeRoom extends Room {
  overflow: string[];
}

export interface ServerView {
  server: {
    server: string;
    region: string;
    version: string;
    signalling: string;
    state: "up" | "draining" | "drained";
    rooms: number;
    load: { capacity: number; used: number; workers: number; peers: number; perPeer: number };
  };
  standing: string;
  predicted: number;
  heardMs: number;
  drainLeftMs?: number;
  largest: LargeRoom[];
  lends: LargeRoom[];
  lendsTo: number;
}

export interface Peer {
  room: string;
  peer: string;
  name: string;
  server: string;
  worker?: number;
  lender?: string;
  joined: boolean;
  connected: boolean;
  since: string;
}

export interface Why {
  room: string;
  home: string;
  standing: string;
  homeless: boolean;
  reasons: string;
  decided?: string;
}

const keyName = "parley.admin-key";
const patienceMs = 15_000; // a little longer than the service has with the servers
const encode = encodeURIComponent;

export class Api {
  #key = read();

  // For as long as the tab is open, and for no other.
  setKey(key: string): void {
    this.#key = key;
    try {
      sessionStorage.setItem(keyName, key);
    } catch {
      // Then until the page is loaded again.
    }
  }

  fleet(since: string): Promise<Answer> {
    return this.#ask("GET", `fleet?since=${encode(since)}`);
  }
  server(id: string): Promise<ServerView> {
    return this.#ask("GET", `servers/${encode(id)}`);
  }
  rooms(beginning: string, limit: number): Promise<{ rooms: Room[]; next: string | null }> {
    return this.#ask("GET", `rooms?limit=${limit}&beginning=${encode(beginning)}`);
  }
  why(room: string): Promise<Why> {
    return this.#ask("GET", `rooms/${encode(room)}/why`);
  }
  peers(room: string): Promise<{ peers: Peer[] }> {
    return this.#ask("GET", `rooms/${encode(room)}/peers`);
  }
  findPeers(peer: string): Promise<{ peers: Peer[]; asked: number; silent: number }> {
    return this.#ask("GET", `peers?peer=${encode(peer)}`);
  }
  // `deadline` in seconds; undefined: none.
  drain(id: string, deadline: number | undefined): Promise<unknown> {
    return this.#ask("POST", `servers/${encode(id)}/drain`, { deadline });
  }
  undrain(id: string): Promise<unknown> {
    return this.#ask("POST", `servers/${encode(id)}/undrain`, {});
  }

  async #ask<T>(method: string, path: string, body?: object): Promise<T> {
    const headers: Record<string, string> = {};
    if (this.#key !== "") headers.authorization = `Bearer ${this.#key}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    const signal = AbortSignal.timeout(patienceMs);
    const init = { method, headers, signal, cache: "no-store" as const };
    const sent = body === undefined ? init : { ...init, body: JSON.stringify(body) };
    const answer = await fetch(`v1/${path}`, sent).catch((error: Error) => {
      throw new Refused(0, error.message);
    });
    const said: unknown = await answer.json().catch(() => undefined);
    if (!answer.ok) throw new Refused(answer.status, reasonIn(said));
    return said as T;
  }
}

function reasonIn(said: unknown): string {
  const error = (said as { error?: { reason?: unknown } } | undefined)?.error;
  return typeof error?.reason === "string" ? error.reason : "";
}

function read(): string {
  try {
    return sessionStorage.getItem(keyName) ?? "";
  } catch {
    return "";
  }
}
