// Processes as the kernel sees them, found by what stands in their command line.

import { readdir, readFile } from "node:fs/promises";
import { until } from "./until.mjs";

// The living processes whose command line contains `text`: [{ pid, program, args, startedAt }], in
// order of pid. `startedAt` is the time since the machine's start in ms, to 10 ms.
export async function processesWith(text) {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => look(pid, text)));
  return found.filter((process) => process !== undefined).sort((a, b) => a.pid - b.pid);
}

async function look(pid, text) {
  try {
    const args = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0").slice(0, -1);
    if (pid === process.pid || !args.some((arg) => arg.includes(text))) return undefined;
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // proc(5), from the third on
    if (fields[0] === "Z") return undefined;
    return { pid, program: args[0].split("/").pop(), args, startedAt: Number(fields[19]) * 10 };
  } catch {
    return undefined; // it ended meanwhile
  }
}

// The time since the machine's start in ms, as in `startedAt`.
export async function uptimeMs() {
  return Number((await readFile("/proc/uptime", "utf8")).split(" ")[0]) * 1000;
}

// Waits until `child` of child_process has ended, for at most `ms`.
export function ended(child, ms = 10_000) {
  return until(
    `the end of process ${child.pid}`,
    () => child.exitCode !== null || child.signalCode,
    { ms },
  );
}
