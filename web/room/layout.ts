// How large tiles are so that all fit, as far as that can be.

export const tileMin = 96;
export const tileMax = 280;
export const tileRatio = 1.02; // height by width, as in room.css

// Between tiles: a crowd stands closer.
export function tileGap(count: number): number {
  return count > 24 ? 8 : 12;
}

// The width of a tile in CSS pixels, for a space that scrolls when even the smallest do not fit.
export function tileWidth(count: number, width: number, height: number, gap: number): number {
  let best = 0;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const across = (width - gap * (columns - 1)) / columns;
    const down = (height - gap * (rows - 1)) / rows / tileRatio;
    best = Math.max(best, Math.min(across, down));
  }
  if (best >= tileMin) return Math.floor(Math.min(best, tileMax));
  const columns = Math.max(1, Math.floor((width + gap) / (tileMin + gap)));
  return Math.floor((width - gap * (columns - 1)) / columns);
}
