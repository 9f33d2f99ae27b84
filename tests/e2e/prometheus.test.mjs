// What a real Prometheus makes of /metrics.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { startChromium } from "./support/browsers.mjs";
import { join } from "./support/people.mjs";
import { freeTcpPort } from "./support/ports.mjs";
import { ended } from "./support/processes.mjs";
import { scenario } from "./support/scenario.mjs";
import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

const adminKey = "an-administrators-key";

// Starts a Prometheus that asks the server once a second; resolves to a function that queries it.
async function startPrometheus(t, server) {
  const directory = await mkdtemp(path(tmpdir(), "parley-prometheus-"));
  const port = await freeTcpPort();
  const config = {
    global: { scrape_interval: "1s" },
    scrape_configs: [
      {
        job_name: "parley",
        authorization: { credentials: adminKey },
        static_configs: [{ targets: [new URL(server.url).host] }],
      },
    ],
  };
  await writeFile(path(directory, "prometheus.yml"), JSON.stringify(config));
  const child = spawn(
    "prometheus",
    [
      `--config.file=${path(directory, "prometheus.yml")}`,
      `--storage.tsdb.path=${path(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
  t.after(async () => {
    child.kill();
    await ended(child);
    await rm(directory, { recursive: true });
  });
  return async (query) => {
    const answer = await fetch(
      `http://127.0.0.1:${port}/api/v1/query?${new URLSearchParams({ query })}`,
    );
    return (await answer.json()).data.result.map(({ value }) => Number(value[1]));
  };
}

scenario("Prometheus sees the server, its rooms and the voices that it forwards", async (t) => {
  const server = await startServer(t, { args: ["--admin-key", adminKey] });
  const query = await startPrometheus(t, server);
  const chromium = await startChromium(t);
  const [ada, bob] = await Promise.all([
    join(t, chromium, server, "standup", "Ada", 400),
    join(t, chromium, server, "standup", "Bob", 700),
  ]);
  await Promise.all([ada.hears([bob]), bob.hears([ada])]);

  const series = async (text, holds) =>
    until(
      `${text} is as it should be`,
      async () => {
        const values = await query(text);
        return holds(values) || Promise.reject(new Error(JSON.stringify(values)));
      },
      { ms: 30_000 },
    );
  await series('up{job="parley"}', ([up]) => up === 1);
  await series("parley_rooms", ([rooms]) => rooms === 1);
  await series("parley_peers", ([peers]) => peers === 2);
  // Two people who hum without a pause: 50 packets a second each.
  await series(
    "sum(rate(parley_worker_sent_rtp_packets_total[5s]))",
    ([rate]) => rate > 60 && rate < 140,
  );

  const { headers, body } = await server.api("GET", "/metrics", undefined, {
    authorization: `Bearer ${adminKey}`,
  });
  assert.match(headers.get("content-type"), /^text\/plain; version=0.0.4/);
  const check = spawnSync("promtool", ["check", "metrics"], { input: body, encoding: "utf8" });
  assert.equal(check.status, 0, check.stdout + check.stderr);
});
