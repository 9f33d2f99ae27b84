// From the server's levels to what a picture of a voice wants.

// Below this a room is quiet, above the other it is as loud as a picture need be: dBov, RFC 6464.
const quietDbov = -55;
const loudDbov = -12;

// 0 (silence) to 1 (loud).
export function levelOf(dbov: number): number {
  return Math.min(1, Math.max(0, (dbov - quietDbov) / (loudDbov - quietDbov)));
}

// Holds the last levels. The server reports about 4 times a second while somebody speaks; when it
// falls silent without saying so, because the connection dropped, the levels fall too.
export class Levels {
  static readonly staleMs = 1_000;

  #levels = new Map<string, number>();
  #heard = 0;

  // Returns whether anything changed.
  onLevels(now: number, reported: ReadonlyArray<{ peerId: string; dbov: number }>): boolean {
    const before = this.#levels;
    this.#heard = now;
    this.#levels = new Map(reported.map(({ peerId, dbov }) => [peerId, levelOf(dbov)]));
    return before.size > 0 || this.#levels.size > 0;
  }

  onDeadline(now: number): boolean {
    return now >= this.nextDeadline() && this.onLevels(now, []);
  }

  nextDeadline(): number {
    return this.#levels.size === 0 ? Infinity : this.#heard + Levels.staleMs;
  }

  of(peerId: string): number {
    return this.#levels.get(peerId) ?? 0;
  }

  all(): ReadonlyMap<string, number> {
    return this.#levels;
  }
}
