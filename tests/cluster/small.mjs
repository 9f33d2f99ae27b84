// The server that a room does not fit.

const REGION = "small";
const WORKER_LOAD_MOST = 0.4; // per cent of a core: four to eight people

export const LARGE = "large"; // the room
export const largeOptions = { region: REGION };

// Flags of server i, from 1: the first is small, and alone in its region.
export const flags = (i) =>
  i === 1 ? { region: REGION, workers: 1, "worker-load-most": WORKER_LOAD_MOST } : {};
