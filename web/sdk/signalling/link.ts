// Carries a Session over real WebSockets, and turns its Outputs into promises and calls.

import { Alarm, nowMs } from "../alarm.js";
import { Session, type Output } from "./session.js";
import type { CloseReason } from "./refusal.js";

export interface SocketLike {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}
export type OpenSocket = (url: string, protocol: string) => SocketLike;

export interface LinkListener {
  onUp(how: "fresh" | "resumed" | "recovered"): void;
  onDown(attempt: number, retryInMs: number, reason: CloseReason): void;
  onLost(): void;
  onMoved(): void; // the room has another home
  onEnded(reason: CloseReason, message: string): void;
  onNotification(method: string, data: unknown): void;
  // What it resolves to is the answer; a rejection refuses.
  onRequest(method: string, data: unknown): Promise<unknown>;
}

// A request that was refused. `code` is as in HTTP; 408 for no answer in time, 0 when the session
// ended first.
export class RequestError extends Error {
  override readonly name = "RequestError";
  constructor(
    readonly method: string,
    readonly code: number,
    reason: string,
  ) {
    super(`${method}: ${reason}`);
  }
}

interface Waiter {
  method: string;
  resolve(data: unknown): void;
  reject(error: RequestError): void;
}

const openState = 1; // WebSocket.OPEN

export class Link {
  #session = new Session(Math.random);
  #socket: SocketLike | undefined;
  #attempt = 0; // grows with every socket that is opened or dropped
  #alarm = new Alarm();
  #waiters = new Map<number, Waiter>();

  // `address` says where to connect, anew for each connection: tokens expire.
  constructor(
    private readonly address: (query: Record<string, string>) => Promise<string>,
    private readonly openSocket: OpenSocket,
    private readonly listener: LinkListener,
  ) {}

  get isUp(): boolean {
    return this.#session.isUp;
  }

  start(): void {
    this.#session.start(nowMs());
    this.#flush();
  }

  request(method: string, data?: unknown): Promise<unknown> {
    const id = this.#session.request(nowMs(), method, data);
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiters.set(id, { method, resolve, reject });
    });
    this.#flush();
    return answer;
  }

  onNetwork(): void {
    this.#session.onNetwork(nowMs());
    this.#flush();
  }

  renew(): void {
    this.#session.renew(nowMs());
    this.#flush();
  }

  // Ends it for good; the server is told, if there is a connection.
  end(reason: CloseReason, message: string): void {
    this.#session.end(reason, message);
    this.#flush();
  }

  #flush(): void {
    for (const output of this.#session.take()) this.#carry(output);
    this.#alarm.set(this.#session.nextDeadline(), () => {
      this.#session.onDeadline(nowMs());
      this.#flush();
    });
  }

  #carry(output: Output): void {
    switch (output.type) {
      case "connect":
        void this.#connect(output.session, output.received);
        return;
      case "send":
        if (this.#socket?.readyState === openState) this.#socket.send(output.text);
        return;
      case "drop":
        this.#drop();
        return;
      case "up":
        return this.listener.onUp(output.how);
      case "down":
        return this.listener.onDown(output.attempt, output.retryAt - nowMs(), output.reason);
      case "lost":
        return this.listener.onLost();
      case "moved":
        return this.listener.onMoved();
      case "ended":
        return this.listener.onEnded(output.reason, output.message);
      case "answer":
        return this.#waiter(output.id)?.resolve(output.data);
      case "refusal": {
        const waiter = this.#waiter(output.id);
        waiter?.reject(new RequestError(waiter.method, output.code, output.reason));
        return;
      }
      case "request":
        void this.#answer(output.id, output.method, output.data);
        return;
      case "notification":
        return this.listener.onNotification(output.method, output.data);
    }
  }

  async #connect(session: string, received: number): Promise<void> {
    this.#drop();
    const attempt = this.#attempt;
    const query: Record<string, string> = { session };
    if (session !== "") query.received = String(received);
    let socket: SocketLike;
    try {
      const url = await this.address(query);
      if (attempt !== this.#attempt) return; // it took so long that it is no longer wanted
      socket = this.openSocket(url, "protoo");
    } catch {
      // The address could not be had, such as a token from a server that is away.
      if (attempt === this.#attempt) this.#session.onClose(nowMs(), 1006, "");
      this.#flush();
      return;
    }
    this.#socket = socket;
    const mine = (heard: () => void) => {
      if (this.#socket !== socket) return;
      heard();
      this.#flush();
    };
    socket.onopen = () => mine(() => this.#session.onOpen(nowMs()));
    socket.onmessage = (event: { data: unknown }) =>
      mine(() => this.#session.onText(nowMs(), String(event.data)));
    socket.onclose = (event: { code: number; reason: string }) =>
      mine(() => {
        this.#socket = undefined;
        this.#session.onClose(nowMs(), event.code, event.reason);
      });
  }

  #drop(): void {
    this.#attempt++;
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  #waiter(id: number): Waiter | undefined {
    const waiter = this.#waiters.get(id);
    this.#waiters.delete(id);
    return waiter;
  }

  async #answer(id: number, method: string, data: unknown): Promise<void> {
    try {
      this.#session.answer(id, await this.listener.onRequest(method, data));
    } catch (error) {
      this.#session.refuse(id, 500, error instanceof Error ? error.message : String(error));
    }
    this.#flush();
  }
}
