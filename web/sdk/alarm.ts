// One timer that is set to a core's next deadline.

export class Alarm {
  #timer: ReturnType<typeof setTimeout> | undefined;

  // Calls `ring` at `deadline` (by nowMs()), once; Infinity calls never. Replaces what was set before.
  set(deadline: number, ring: () => void): void {
    clearTimeout(this.#timer);
    if (deadline === Infinity) return;
    this.#timer = setTimeout(ring, Math.max(0, deadline - nowMs()));
  }
}

// Milliseconds on a clock that never jumps.
export function nowMs(): number {
  return performance.now();
}
