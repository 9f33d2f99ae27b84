// One signalling session: numbered messages over connections that come and go.
//
// Sans I/O: `now` (milliseconds) and what was heard go in, Outputs come out of take(). It opens no
// socket and sets no timer; link.ts does. docs/signalling.md, "Numbered messages and resuming".

import { backoffMs } from "./backoff.js";
import {
  parseMessage,
  record,
  writeAnswer,
  writeRefusal,
  writeRequest,
  type Incoming,
} from "./message.js";
import { judgeClose, type CloseReason, type Verdict } from "./refusal.js";

export const connectTimeoutMs = 8_000;
export const greetingTimeoutMs = 5_000;
export const requestTimeoutMs = 15_000;
// A browser can not see the server's pings. A connection that says nothing for this long is asked
// something small, and is given up when that is not answered in time.
export const silenceMs = 10_000;
export const probeTimeoutMs = 5_000;
const stableMs = 5_000; // a connection that held this long was a good one: the next wait starts anew

export type Output =
  | { type: "connect"; session: string; received: number }
  | { type: "send"; text: string }
  | { type: "drop" } // forget the socket: nothing more is wanted from it
  // fresh: join; resumed: go on; recovered: go on, but ask `sync` first.
  | { type: "up"; how: "fresh" | "resumed" | "recovered" }
  | { type: "down"; attempt: number; retryAt: number; reason: CloseReason }
  | { type: "lost" } // the session is gone; the next `up` is fresh
  | { type: "moved" } // because the room has another home
  | { type: "ended"; reason: CloseReason; message: string }
  | { type: "answer"; id: number; data: unknown }
  | { type: "refusal"; id: number; code: number; reason: string }
  | { type: "request"; id: number; method: string; data: unknown }
  | { type: "notification"; method: string; data: unknown };

type State =
  | { name: "idle" | "ended" }
  | { name: "connecting" | "greeting"; deadline: number }
  | { name: "up"; since: number; heard: number }
  | { name: "waiting"; deadline: number };

interface Pending {
  text: string;
  deadline: number; // only runs while the session is up
  probe: boolean;
}

function isSoon(verdict: Verdict): boolean {
  return verdict.next === "rejoin" || (verdict.next === "resume" && verdict.soon === true);
}

export class Session {
  #state: State = { name: "idle" };
  #session = "";
  #received = 0; // the highest seq seen in this session
  #attempt = 0; // connections tried since the last good one
  #nextId = 1;
  #pending = new Map<number, Pending>();
  #working = new Set<number>(); // requests of the server that are not answered yet
  #outputs: Output[] = [];

  constructor(private readonly random: () => number) {}

  get isUp(): boolean {
    return this.#state.name === "up";
  }

  take(): Output[] {
    return this.#outputs.splice(0);
  }

  start(now: number): void {
    this.#connect(now);
  }

  // Asks the server; the id's answer or refusal is an Output. While there is no connection the
  // request waits for the next one.
  request(now: number, method: string, data?: unknown): number {
    return this.#ask(method, data, now + requestTimeoutMs, false);
  }

  answer(id: number, data: unknown): void {
    this.#reply(id, writeAnswer(id, data));
  }

  refuse(id: number, code: number, reason: string): void {
    this.#reply(id, writeRefusal(id, code, reason));
  }

  // Ends it for good. The server is told, so that the others need not wait for the grace time; its
  // answer is not waited for, since the page may be going away this moment.
  end(reason: CloseReason, message: string): void {
    if (this.#state.name === "ended") return;
    if (this.#state.name === "up") this.#send(writeRequest(this.#nextId++, "leave", {}));
    this.#forget();
    this.#state = { name: "ended" };
    this.#outputs.push({ type: "drop" }, { type: "ended", reason, message });
  }

  // Gives the session up and starts a new one: what mends a room that resuming did not.
  renew(now: number): void {
    if (this.#state.name === "ended") return;
    this.#outputs.push({ type: "drop" });
    this.#forget();
    this.#connect(now);
  }

  onOpen(now: number): void {
    if (this.#state.name !== "connecting") return;
    this.#state = { name: "greeting", deadline: now + greetingTimeoutMs };
  }

  onText(now: number, text: string): void {
    const message = parseMessage(text);
    if (message === undefined) return;
    if (this.#state.name === "greeting") return this.#onGreeting(now, message);
    if (this.#state.name !== "up") return;
    this.#state.heard = now;
    if (message.seq !== undefined) {
      if (message.seq <= this.#received) return; // sent again because we resumed
      this.#received = message.seq;
    }
    this.#dispatch(message);
  }

  onClose(now: number, code: number, text: string): void {
    const state = this.#state;
    if (state.name === "idle" || state.name === "waiting" || state.name === "ended") return;
    const verdict = judgeClose(code, text, this.#session !== "");
    if (verdict.next === "end") {
      this.#state = { name: "idle" }; // there is nobody left to tell
      return this.end(verdict.reason, verdict.message);
    }
    // A session that is gone is replaced at once, however long its server was looked for; a server
    // without a place is left in peace.
    const gone = verdict.next === "rejoin" && this.#session !== "";
    if (verdict.next !== "resume") this.#forget();
    if (verdict.next === "rejoin" && verdict.moved) this.#outputs.push({ type: "moved" });
    const held = state.name === "up" && now - state.since >= stableMs;
    const asked = code >= 4400 && !isSoon(verdict);
    this.#attempt = held || gone ? 0 : this.#attempt + (state.name === "up" ? 0 : 1);
    if (asked) this.#attempt = Math.max(this.#attempt, 2);
    this.#wait(now, verdict.next === "wait" ? verdict.reason : "unreachable");
  }

  // The network changed or came back: an attempt that waits is made now, and a connection that looks
  // well is asked whether it is.
  onNetwork(now: number): void {
    if (this.#state.name === "waiting") return this.#connect(now);
    if (this.#state.name === "up") this.#probe(now);
  }

  onDeadline(now: number): void {
    const state = this.#state;
    if (state.name === "waiting" && now >= state.deadline) return this.#connect(now);
    if ((state.name === "connecting" || state.name === "greeting") && now >= state.deadline) {
      this.#outputs.push({ type: "drop" });
      return this.onClose(now, 1006, "");
    }
    if (state.name !== "up") return;
    for (const [id, pending] of [...this.#pending]) {
      if (now < pending.deadline) continue;
      if (pending.probe) {
        this.#outputs.push({ type: "drop" });
        return this.onClose(now, 1006, "");
      }
      this.#pending.delete(id);
      this.#outputs.push({ type: "refusal", id, code: 408, reason: "no answer in time" });
    }
    if (now - state.heard >= silenceMs) this.#probe(now);
  }

  // Infinity when there is nothing to wait for.
  nextDeadline(): number {
    const state = this.#state;
    if (state.name !== "up") return "deadline" in state ? state.deadline : Infinity;
    let next = Infinity;
    let probing = false;
    for (const pending of this.#pending.values()) {
      next = Math.min(next, pending.deadline);
      probing ||= pending.probe;
    }
    return probing ? next : Math.min(next, state.heard + silenceMs);
  }

  #connect(now: number): void {
    this.#state = { name: "connecting", deadline: now + connectTimeoutMs };
    this.#outputs.push({ type: "connect", session: this.#session, received: this.#received });
  }

  #wait(now: number, reason: CloseReason): void {
    const retryAt = now + backoffMs(this.#attempt, this.random);
    this.#state = { name: "waiting", deadline: retryAt };
    for (const [id, pending] of this.#pending) if (pending.probe) this.#pending.delete(id);
    this.#outputs.push({ type: "down", attempt: this.#attempt, retryAt, reason });
  }

  // What was asked in a session that is gone will not be answered.
  #forget(): void {
    if (this.#session !== "") this.#outputs.push({ type: "lost" });
    for (const [id, pending] of this.#pending) {
      if (!pending.probe) {
        this.#outputs.push({ type: "refusal", id, code: 0, reason: "the session is gone" });
      }
    }
    this.#session = "";
    this.#received = 0;
    this.#pending.clear();
    this.#working.clear();
  }

  // The first message of every connection says which session this is.
  #onGreeting(now: number, message: Incoming): void {
    if (message.kind !== "notification" || message.method !== "session") return;
    const greeting = record(message.data);
    const resumed = greeting.resumed === true && this.#session !== "";
    const recovered = resumed && greeting.recovered === true;
    if (!resumed && this.#session !== "") this.#forget();
    if (typeof greeting.id === "string") this.#session = greeting.id;
    // A server that was restarted numbers from the beginning.
    if (!resumed || recovered) this.#received = 0;
    this.#state = { name: "up", since: now, heard: now };
    this.#outputs.push({
      type: "up",
      how: recovered ? "recovered" : resumed ? "resumed" : "fresh",
    });
    for (const pending of this.#pending.values()) {
      pending.deadline = now + requestTimeoutMs;
      this.#send(pending.text);
    }
  }

  #dispatch(message: Incoming): void {
    switch (message.kind) {
      case "notification":
        if (message.method === "session") return; // the greeting of an earlier connection
        this.#outputs.push({ type: "notification", method: message.method, data: message.data });
        return;
      case "request": {
        const { id, method, data } = message;
        this.#working.add(id);
        this.#outputs.push({ type: "request", id, method, data });
        return;
      }
      case "response": {
        const pending = this.#pending.get(message.id);
        if (pending === undefined) return;
        this.#pending.delete(message.id);
        if (pending.probe) return;
        const { id, answer } = message;
        this.#outputs.push(
          answer.ok
            ? { type: "answer", id, data: answer.data }
            : { type: "refusal", id, code: answer.code, reason: answer.reason },
        );
      }
    }
  }

  #ask(method: string, data: unknown, deadline: number, probe: boolean): number {
    const id = this.#nextId++;
    if (this.#state.name === "ended") {
      this.#outputs.push({ type: "refusal", id, code: 0, reason: "the room was left" });
      return id;
    }
    const text = writeRequest(id, method, data);
    this.#pending.set(id, { text, deadline, probe });
    if (this.#state.name === "up") this.#send(text);
    return id;
  }

  #probe(now: number): void {
    for (const pending of this.#pending.values()) if (pending.probe) return;
    this.#ask("getRouterRtpCapabilities", undefined, now + probeTimeoutMs, true);
  }

  #reply(id: number, text: string): void {
    if (!this.#working.delete(id)) return; // asked in a session that is gone
    // Without a connection it is not sent: what the client has received counts as answered.
    if (this.#state.name === "up") this.#send(text);
  }

  #send(text: string): void {
    this.#outputs.push({ type: "send", text });
  }
}
