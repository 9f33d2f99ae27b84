// What the manifests say to the programs, said to the programs.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { environment } from "./environment.mjs";
import { build, find, overlays, pods } from "./overlays.mjs";

const directory = process.env.E2E_BUILD ?? new URL("../../../build", import.meta.url).pathname;
const programs = {
  controller: `${directory}/controller/parley-controller`,
  "router-service": `${directory}/router-service/parley-router-service`,
};

// [overlay, container, its environment] of each of our own programs.
const ours = overlays.flatMap((overlay) => {
  const objects = build(overlay);
  return pods(objects)
    .flatMap(([, { spec }]) => spec.containers)
    .filter(({ name }) => programs[name])
    .map((container) => [overlay, container, environment(objects, container)]);
});

function run(program, args, env) {
  return spawnSync(program, args, { env, encoding: "utf8", timeout: 20_000 });
}

function keysOf(program) {
  const { stdout } = run(program, ["--help"], {});
  const keys = [...stdout.matchAll(/--([a-z][a-z-]+)/g)].map(([, key]) => key);
  assert.ok(keys.includes("http-port"), stdout);
  return new Set(keys.map((key) => `PARLEY_${key.toUpperCase().replaceAll("-", "_")}`));
}

test("every variable means something to the program that gets it", () => {
  assert.equal(ours.length, 5);
  for (const [overlay, { name }, env] of ours) {
    const known = keysOf(programs[name]);
    for (const variable of Object.keys(env).filter((one) => one.startsWith("PARLEY_"))) {
      assert.ok(known.has(variable), `${overlay}: ${variable} is nothing to the ${name}`);
    }
  }
});

test("the controller takes every value, and with a broker there is one for all", () => {
  for (const [overlay, { name }, env] of ours) {
    if (name !== "controller") continue;
    const { status, stdout, stderr } = run(programs.controller, ["--print-config"], env);
    assert.equal(status, 0, `${overlay}: ${stderr}`);
    const port = stdout.match(/^rtc-port = (\d+)$/m);
    assert.equal(port?.[1], env.PARLEY_RTC_PORT, stdout);
    const broker = stdout.match(/^broker = "(.*)"$/m)?.[1] ?? "";
    const expected =
      overlay === "one-node" ? "" : "amqps://parley:a-password@parley-broker.parley.svc:5671/";
    assert.equal(broker, expected, overlay);
  }
});

test("the router-service starts with its values", async () => {
  for (const [overlay, { name }, env] of ours) {
    if (name !== "router-service") continue;
    // Its port may be taken here, and the broker is not there.
    const child = spawn(programs[name], ["--http-port", "0", "--http-listen", "127.0.0.1"], {
      env: { ...env, PARLEY_BROKER: "amqp://user:password@127.0.0.1:1/", PARLEY_BROKER_CA: "" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    let told = false;
    child.stderr.setEncoding("utf8").on("data", (text) => {
      said += text;
      // Once: what comes a second time is not waited for.
      if (said.includes("listens on") && !told) told = child.kill("SIGTERM");
    });
    const [code] = await once(child, "close");
    assert.equal(code, 0, `${overlay}: ${said}`);
    assert.match(said, /listens on/);
  }
});

test("what a probe or a monitor asks for is an endpoint of its program", () => {
  for (const overlay of overlays) {
    for (const [, { spec }] of pods(build(overlay))) {
      for (const { ports, readinessProbe, livenessProbe, startupProbe } of spec.containers) {
        for (const probe of [readinessProbe, livenessProbe, startupProbe]) {
          const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
          if (port) assert.ok(ports.some(({ name }) => name === port), `${overlay}: ${port}`);
        }
      }
    }
  }
});

test("parleyctl knows the command that a pod is drained by", () => {
  const { spec } = find(build("small"), "Deployment", "parley-controller");
  const [program, ...args] = spec.template.spec.containers[0].lifecycle.preStop.exec.command;
  assert.equal(program, "parleyctl");
  // Nobody is there: it says so, and not that it does not know what is asked.
  const { status, stderr } = run(
    `${directory}/controller/parleyctl`,
    ["--socket", "/nonexistent/control.sock", ...args],
    {},
  );
  assert.equal(status, 1, stderr);
  assert.match(stderr, /no server is there/);
});
