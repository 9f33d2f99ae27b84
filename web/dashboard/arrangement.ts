// Which servers are shown, and in which order.

import { type Server, type Standing, standings } from "./fleet.js";

export type Order = "name" | "load" | "state";

export interface Region {
  name: string;
  servers: Server[];
}

const byName = new Intl.Collator("en", { numeric: true }).compare;

// What wants to be seen first.
const urgency = new Map<Standing, number>(
  (["lost", "stale", "full", "overloaded", "draining", "unknown", "drained", "eligible"] as const).map(
    (standing, at) => [standing, at],
  ),
);

function compare(order: Order): (a: Server, b: Server) => number {
  const names = (a: Server, b: Server) => byName(a.id, b.id);
  if (order === "load") return (a, b) => b.predicted - a.predicted || names(a, b);
  if (order === "name") return names;
  const urgent = (server: Server) => urgency.get(server.standing) ?? 0;
  return (a, b) => urgent(a) - urgent(b) || b.predicted - a.predicted || names(a, b);
}

// By region; an empty `only` is all.
export function arrange(
  servers: Iterable<Server>,
  order: Order,
  only: ReadonlySet<Standing>,
): Region[] {
  const regions = new Map<string, Server[]>();
  for (const server of servers) {
    if (only.size > 0 && !only.has(server.standing)) continue;
    const known = regions.get(server.region);
    if (known === undefined) regions.set(server.region, [server]);
    else known.push(server);
  }
  const sorted = [...regions].sort(([a], [b]) => byName(a, b));
  return sorted.map(([name, members]) => ({ name, servers: members.sort(compare(order)) }));
}

// How many stand how, in the order of `standings`; those that nobody is are left out.
export function census(servers: Iterable<Server>): Array<[Standing, number]> {
  const counts = new Map<Standing, number>();
  for (const { standing } of servers) counts.set(standing, (counts.get(standing) ?? 0) + 1);
  return standings.flatMap((standing): Array<[Standing, number]> => {
    const number = counts.get(standing);
    return number === undefined ? [] : [[standing, number]];
  });
}

// The place of who is reached by a key from place `at`, among tiles that stand at these points.
export function reached(
  key: string,
  at: number,
  points: ReadonlyArray<{ left: number; top: number }>,
): number | undefined {
  const last = points.length - 1;
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (key === "ArrowRight") return Math.min(last, at + 1);
  if (key === "ArrowLeft") return Math.max(0, at - 1);
  if (key !== "ArrowDown" && key !== "ArrowUp") return undefined;
  const here = points[at];
  if (here === undefined) return undefined;
  const step = key === "ArrowDown" ? 1 : -1;
  let best: number | undefined;
  let row: number | undefined;
  for (let to = at + step; to >= 0 && to <= last; to += step) {
    const point = points[to];
    if (point === undefined || point.top === here.top) continue;
    row ??= point.top;
    if (point.top !== row) break;
    const away = Math.abs(point.left - here.left);
    const least = best === undefined ? Infinity : Math.abs((points[best]?.left ?? 0) - here.left);
    if (away < least) best = to;
  }
  return best ?? at;
}
