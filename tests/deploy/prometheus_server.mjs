// A real Prometheus, for as long as a test lasts.

import { spawn } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freeTcpPort } from "../e2e/support/ports.mjs";
import { ended } from "../e2e/support/processes.mjs";
import { repository } from "../e2e/support/program.mjs";

// Starts one that asks `targets`, { job: [host:port, ...] }, once a second, with the recording
// rules of deploy/prometheus. Gives query(text): [{ metric, value }], the value a number.
export async function startPrometheus(t, targets) {
  const directory = await mkdtemp(join(tmpdir(), "parley-prometheus-"));
  await cp(join(repository, "deploy/prometheus/recording.yml"), join(directory, "recording.yml"));
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: ["recording.yml"],
    scrape_configs: Object.entries(targets).map(([job, hosts]) => ({
      job_name: job,
      static_configs: [{ targets: hosts }],
    })),
  };
  const file = join(directory, "prometheus.yml");
  await writeFile(file, JSON.stringify(config));
  const port = await freeTcpPort();
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(directory, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn("prometheus", args, { stdio: "ignore" });
  t.after(async () => {
    child.kill();
    await ended(child);
    await rm(directory, { recursive: true });
  });
  return async (query) => {
    const url = `http://127.0.0.1:${port}/api/v1/query?${new URLSearchParams({ query })}`;
    const answer = await (await fetch(url)).json();
    if (answer.status !== "success") throw new SyntaxError(`${query}: ${answer.error}`);
    return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  };
}
