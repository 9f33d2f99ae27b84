// How long to wait before connection attempt `attempt` (0 is the first), in milliseconds.
// The first is at once, because most drops are a blink; later ones double from 300 ms to 10 s,
// each somewhere in the upper half of its step, so that a room full of clients whose server
// restarts does not return in one wave.
export function backoffMs(attempt: number, random: () => number): number {
  if (attempt === 0) return 0;
  const step = Math.min(10_000, 300 * 2 ** (attempt - 1));
  return step * (0.5 + random() / 2);
}
