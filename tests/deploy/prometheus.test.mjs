// What is in deploy/prometheus, by promtool and by what the programs expose.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "../e2e/support/program.mjs";
import { startRabbitMq } from "../e2e/support/rabbitmq.mjs";
import { startRouterService } from "../e2e/support/router_service.mjs";
import { scenario } from "../e2e/support/scenario.mjs";
import { startServer } from "../e2e/support/server.mjs";
import { dashboard, dashboards, metricsOf, prometheus, queries, rules } from "./deployed.mjs";

function promtool(directory, ...args) {
  const { status, stdout, stderr } = spawnSync("promtool", args, {
    cwd: directory,
    encoding: "utf8",
  });
  assert.equal(status, 0, `promtool ${args.join(" ")}: ${stdout}${stderr}`);
}

test("promtool takes the configurations, rules and their tests", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "parley-promtool-"));
  t.after(() => rm(directory, { recursive: true }));
  await cp(prometheus, directory, { recursive: true });
  await writeFile(join(directory, "admin-key"), "an-administrators-key");
  promtool(directory, "check", "config", "prometheus.yml");
  promtool(directory, "check", "config", "discovery.yml");
  promtool(directory, "check", "rules", "recording.yml", "alerts.yml");
  promtool(directory, "test", "rules", "alerts_test.yml");
});

test("each alert has a test in which it comes, and one in which it does not", async () => {
  const tests = await readFile(join(prometheus, "alerts_test.yml"), "utf8");
  const [, ...cases] = tests.split(/^ {2}- name: /m);
  const said = cases.flatMap((one) =>
    one
      .split(/^ {6}- eval_time: /m)
      .slice(1)
      .map((check) => ({
        alert: check.match(/alertname: (\S+)/)[1],
        comes: check.includes("exp_annotations"),
      })),
  );
  for (const { alert } of await rules("alerts.yml")) {
    assert.ok(said.some((one) => one.alert === alert && one.comes), `${alert} never comes`);
    assert.ok(said.some((one) => one.alert === alert && !one.comes), `${alert} always comes`);
  }
});

test("each alert leads to an entry of the runbook, and each entry is of an alert", async () => {
  const manual = await readFile(join(repository, "docs/operations.md"), "utf8");
  const entries = [...manual.matchAll(/^### (Parley\w+)$/gm)].map(([, name]) => name);
  const alerts = await rules("alerts.yml");
  assert.deepEqual([...entries].sort(), alerts.map(({ alert }) => alert).sort());
  for (const { alert, runbook } of alerts) {
    assert.equal(runbook, `docs/operations.md#${alert.toLowerCase()}`);
  }
});

// { family: type } of a text in the Prometheus format.
function families(text) {
  return Object.fromEntries(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]),
  );
}

// The metrics that the manual's tables name; "`parley_x_a`, `_b`" names parley_x_b as well: what is
// short is the end of a name that begins like the last. "`parley_x_*`" names all that begin so.
async function named() {
  const manual = await readFile(join(repository, "docs/operations.md"), "utf8");
  const text = manual.slice(manual.indexOf("## Metrics"), manual.indexOf("## Alerts"));
  const whole = [];
  const perhaps = new Set();
  for (const [, word] of text.matchAll(/`([a-z_*]+)`/g)) {
    if (/^(parley|process)_/.test(word)) whole.push(word);
    const last = whole.at(-1);
    if (!word.startsWith("_") || last === undefined) continue;
    for (let at = last.length; at > 0; at = last.lastIndexOf("_", at - 1)) {
      perhaps.add(last.slice(0, at) + word);
    }
  }
  const begins = whole.filter((word) => word.endsWith("*")).map((word) => word.slice(0, -1));
  const has = (name) =>
    whole.includes(name) || perhaps.has(name) || begins.some((start) => name.startsWith(start));
  return { whole: whole.filter((word) => !word.endsWith("*")), has };
}

scenario("what rules and dashboards ask for is exposed, and the manual names it", async (t) => {
  const broker = await startRabbitMq(t);
  const service = await startRouterService(t, { broker: broker.url });
  const server = await startServer(t, { args: ["--broker", broker.url, "--server-id", "s1"] });
  const texts = await Promise.all(
    [server, service].map(async (program) => (await program.api("GET", "/metrics")).body),
  );
  for (const text of texts) {
    const check = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
    assert.equal(check.status, 0, check.stdout + check.stderr);
  }
  const exposed = Object.assign({}, ...texts.map(families));
  const asked = [...(await rules("recording.yml")), ...(await rules("alerts.yml"))];
  for (const name of dashboards) asked.push(...queries(await dashboard(name)));
  const recorded = (await rules("recording.yml")).map(({ record }) => record);
  for (const { expr } of asked) {
    for (const name of metricsOf(expr)) assert.ok(name in exposed, `nobody exposes ${name}`);
    for (const [name] of expr.matchAll(/\w+:\w+:\w+|instance:\w+:\w+/g)) {
      assert.ok(recorded.includes(name), `nobody records ${name}`);
    }
  }

  const manual = await named();
  const missing = Object.keys(exposed).filter((name) => !manual.has(name));
  assert.deepEqual(missing, [], "not in docs/operations.md");
  const made = manual.whole.filter((name) => !(name in exposed));
  assert.deepEqual(made, [], "in docs/operations.md, and nobody exposes it");
});
