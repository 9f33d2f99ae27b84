// Asks for what is new, again and again: soon while all is well, rarely while nobody answers, and
// not at all while the page is hidden.

import { Refused } from "./api.js";

export interface Clock {
  set(run: () => void, ms: number): unknown;
  clear(timer: unknown): void;
}

export const retryFirstMs = 1_000;
export const retryMostMs = 10_000;

// Between two questions: a large fleet changes everywhere at once.
export function intervalMs(servers: number): number {
  return servers <= 200 ? 1_000 : 3_000;
}

export class Poller {
  #timer: unknown;
  #asking = false;
  #failures = 0;
  #stopped = true;

  // `ask` resolves to the number of servers; `onTrouble` is told undefined when it is over.
  constructor(
    private readonly ask: () => Promise<number>,
    private readonly onTrouble: (trouble: Refused | undefined) => void,
    private readonly clock: Clock,
  ) {}

  start(): void {
    this.#stopped = false;
    this.soon();
  }

  stop(): void {
    this.#stopped = true;
    this.clock.clear(this.#timer);
  }

  // Asks at once, because something was done.
  soon(): void {
    this.clock.clear(this.#timer);
    if (!this.#stopped && !this.#asking) void this.#turn();
  }

  async #turn(): Promise<void> {
    this.#asking = true;
    let wait: number;
    try {
      wait = intervalMs(await this.ask());
      if (this.#failures > 0) this.onTrouble(undefined);
      this.#failures = 0;
    } catch (error) {
      const trouble = error instanceof Refused ? error : new Refused(-1, String(error));
      wait = Math.min(retryMostMs, retryFirstMs * 2 ** this.#failures++);
      this.onTrouble(trouble);
    }
    this.#asking = false;
    if (!this.#stopped) this.#timer = this.clock.set(() => void this.#turn(), wait);
  }
}
