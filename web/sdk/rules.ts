// Whom this peer does not want to hear, and whom it always wants to, for itself. The server keeps the
// rules of a session; they are said again in the next one, and to whoever comes back.

import type { Ask } from "./media.js";

type Rule = "muted" | "pinned";

export class Rules {
  readonly #named = { muted: new Set<string>(), pinned: new Set<string>() };

  // `slots`: whether the server chooses who is heard, so that it has to know.
  constructor(private readonly slots: boolean) {}

  has(rule: Rule, peerId: string): boolean {
    return this.#named[rule].has(peerId);
  }

  // Holds here at once. Throws when the server refuses, and then it does not.
  async set(ask: Ask, rule: Rule, peerId: string, holds: boolean): Promise<void> {
    const named = this.#named[rule];
    if (named.has(peerId) === holds) return;
    if (holds) named.add(peerId);
    else named.delete(peerId);
    try {
      await this.#say(ask, rule, peerId, holds);
    } catch (error) {
      if (holds) named.delete(peerId);
      else named.add(peerId);
      throw error;
    }
  }

  // In a new session, and when somebody comes. A server that refuses has not that person yet, or any
  // more.
  onPeers(ask: Ask, peerIds: Iterable<string>): void {
    for (const peerId of peerIds) {
      for (const rule of ["muted", "pinned"] as const) {
        if (this.has(rule, peerId)) this.#say(ask, rule, peerId, true).catch(() => undefined);
      }
    }
  }

  async #say(ask: Ask, rule: Rule, peerId: string, holds: boolean): Promise<void> {
    if (!this.slots) return;
    await ask(rule === "muted" ? "muteSpeaker" : "pinSpeaker", { peerId, [rule]: holds });
  }
}
