// The dashboards of deploy/grafana: by Grafana's own types, and by a Prometheus that has scraped a
// cluster in which people talk.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { after, test } from "node:test";
import { gather } from "../cluster/crowd.mjs";
import { startCluster } from "../cluster/cluster.mjs";
import { faults } from "../cluster/faults.mjs";
import { flags, LARGE, largeOptions } from "../cluster/small.mjs";
import { startChromium } from "../e2e/support/browsers.mjs";
import { repository } from "../e2e/support/program.mjs";
import { join } from "../e2e/support/people.mjs";
import { scenario } from "../e2e/support/scenario.mjs";
import { until } from "../e2e/support/until.mjs";
import { dashboard, dashboards, queries } from "./deployed.mjs";
import { startPrometheus } from "./prometheus_server.mjs";

// Threads of libdatachannel keep the process, and its cleanup() crashes here: so the process ends
// by itself once its tests are told.
after(() => setTimeout(() => process.exit(), 1_000));

const modules = path(repository, "tests/deploy/node_modules");
const MOST_IN_LARGE = 20; // far more than the small server has capacity for

// Grafana publishes its schema as TypeScript. In JSON an enum is its value, not its name.
function program(json) {
  const panels = json.panels.filter(({ type }) => type !== "row");
  const options = { timeseries: "timeseries", stat: "stat" };
  const raw = `${modules}/@grafana/schema/dist/types/raw/composable`;
  const checks = panels.map(({ type, title, options: given, fieldConfig }, i) => {
    assert.ok(type in options, `${title}: nothing is known of ${type}`);
    const custom = fieldConfig.defaults.custom ?? {};
    return [
      `export const options_${i}: Plain<Partial<${type}.Options>> = ${JSON.stringify(given)};`,
      type === "timeseries"
        ? `export const custom_${i}: Plain<timeseries.FieldConfig> = ${JSON.stringify(custom)};`
        : "",
    ].join("\n");
  });
  return `
import type { Dashboard } from "${modules}/@grafana/schema/dist/types/index";
import type * as timeseries from "${raw}/timeseries/panelcfg/x/types.gen";
import type * as stat from "${raw}/stat/panelcfg/x/types.gen";
type Plain<T> = T extends string ? \`\${T}\`
  : T extends (infer E)[] ? Plain<E>[]
  : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
export const dashboard: Plain<Dashboard> = ${JSON.stringify(json, null, 1)};
${checks.join("\n")}
`;
}

// What tsc has to say against it; "" when nothing.
async function typeErrors(json) {
  const directory = await mkdtemp(path(tmpdir(), "parley-grafana-"));
  try {
    const file = path(directory, "dashboard.ts");
    await writeFile(file, program(json));
    const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "esnext"];
    const more = ["--moduleResolution", "bundler", "--target", "es2022"];
    const tsc = path(modules, "typescript/bin/tsc");
    const run = spawnSync("node", [tsc, ...flags, ...more, file], { encoding: "utf8" });
    return run.status === 0 ? "" : run.stdout + run.stderr;
  } finally {
    await rm(directory, { recursive: true });
  }
}

for (const name of dashboards) {
  test(`${name}.json is a dashboard by Grafana's types`, async () => {
    const json = await dashboard(name);
    assert.equal(await typeErrors(json), "");
    const ids = json.panels.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, "ids of panels are unique");
    const variable = json.templating.list.find(({ type }) => type === "datasource");
    assert.equal(variable.query, "prometheus");
    for (const { title, targets = [], gridPos } of json.panels) {
      assert.ok(gridPos.x + gridPos.w <= 24, `${title} is beyond the edge`);
      for (const { datasource } of targets) {
        assert.equal(datasource.uid, `\${${variable.name}}`, `${title} has its own datasource`);
      }
    }
    // A member with another name, or an enum with another value, would have been found.
    const spoiled = structuredClone(json);
    spoiled.panels.at(-1).options.legend.displayMod = "table";
    spoiled.panels.at(-1).fieldConfig.defaults.units = "s";
    assert.match(await typeErrors(spoiled), /displayMod[\s\S]*|units/);
  });
}

// What Grafana puts in place of its variables: all servers, and some scrapes.
function filledIn(expr) {
  return expr.replaceAll("$instance", ".*").replaceAll("$__rate_interval", "60s");
}

// Lets somebody into a room of the cluster, with a page of the voice room.
async function enter(t, cluster, chromium, room, name, hz) {
  const { status, body } = await cluster.api.ask("POST", `/rooms/${room}/join`, { name });
  assert.equal(status, 200, JSON.stringify(body));
  return join(t, chromium, cluster, room, name, hz, { token: body.token });
}

// Browsers talk in "talk": they send and receive reports as RFC 3550 has it. People come into the
// large room until it goes on at another server. One is told to leave, and a server is lost.
async function load(t, cluster) {
  await cluster.createRoom(LARGE, largeOptions);
  await cluster.createRoom("talk");
  const chromium = await startChromium(t);
  const people = [];
  for (const [name, hz] of Object.entries({ Ada: 400, Bob: 700, Carol: 1000 })) {
    people.push(await enter(t, cluster, chromium, "talk", name, hz));
  }
  const crowd = await gather(t, { api: cluster.api, rooms: [], perRoom: 0, more: MOST_IN_LARGE });
  await faults.overflow.strike(cluster, await cluster.homeOf(LARGE), crowd);

  const talk = await cluster.homeOf("talk");
  const { body } = await talk.api("GET", "/v1/rooms/talk/peers");
  await talk.api("DELETE", `/v1/rooms/talk/peers/${body.peers[0].id}`);

  const victim = cluster.servers.find(({ id }) => id !== talk.id && id !== "server-1");
  for (let i = 0; ; i++) {
    await cluster.createRoom(`room-${i}`);
    if ((await cluster.homeOf(`room-${i}`)) === victim) break;
  }
  await victim.crash();
  return victim;
}

scenario("every query has data about a cluster in which people talk", async (t) => {
  const cluster = await startCluster(t, { flags });
  const host = ({ url }) => new URL(url).host;
  const query = await startPrometheus(t, {
    "parley-controller": cluster.servers.map(host),
    "parley-router-service": cluster.services.map(host),
  });
  const victim = await load(t, cluster);
  const asked = [];
  for (const name of dashboards) asked.push(...queries(await dashboard(name)));
  const lacking = async ({ panel, expr }) => {
    const series = await query(filledIn(expr));
    const has = series.some(({ value }) => Number.isFinite(value));
    return has ? [] : [`${panel}: ${expr}`];
  };
  await until(
    "every query has data",
    async () => {
      const without = (await Promise.all(asked.map(lacking))).flat();
      if (without.length > 0) throw new Error(without.join("\n"));
      return true;
    },
    { ms: 60_000 },
  );
  await victim.start(); // and puts its run directory in order
});
