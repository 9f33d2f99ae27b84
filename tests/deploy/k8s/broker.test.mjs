// RabbitMQ with the configuration of the plain StatefulSet, but for its paths, its addresses and
// the other two nodes; the router-service and a controller log in as they would in the cluster, and
// what plays the API of Kubernetes is told what losing the controller's pod would cost.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:https";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { environment, secrets } from "./environment.mjs";
import { build, find } from "./overlays.mjs";

const directory = process.env.E2E_BUILD ?? new URL("../../../build", import.meta.url).pathname;
const small = build("small");
const user = secrets["parley-broker-default-user"];

function makeCertificates(here) {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const names = ["-addext", "subjectAltName=DNS:localhost"];
  const out = ["-keyout", `${here}/tls.key`, "-out", `${here}/tls.crt`];
  const args = ["req", "-x509", ...key, "-subj", "/CN=localhost", ...names, ...out];
  execFileSync("openssl", args, { stdio: "ignore" });
  writeFileSync(`${here}/ca.crt`, readFileSync(`${here}/tls.crt`));
}

// What it was asked, in the order of its coming.
function playKubernetes(t, here) {
  const told = [];
  const files = { key: readFileSync(`${here}/tls.key`), cert: readFileSync(`${here}/tls.crt`) };
  const api = createServer(files, (request, response) => {
    let body = "";
    request.on("data", (text) => (body += text));
    request.on("end", () => {
      const { authorization, "content-type": type } = request.headers;
      told.push({ method: request.method, url: request.url, authorization, type, body });
      response.end("{}");
    });
  }).listen(6443, "127.0.0.1");
  t.after(() => api.close());
  return told;
}

function start(t, program, args, env) {
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const lines = { said: "", child };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (lines.said += text));
  }
  const ended = once(child, "exit");
  t.after(async () => {
    if (child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    await ended;
  });
  return lines;
}

async function until(lines, what, condition) {
  const end = Date.now() + 90_000;
  while (!(await condition().catch(() => false))) {
    assert.ok(Date.now() < end && lines.child.exitCode === null, `${what}: ${lines.said}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

test("the small overlay's programs meet over RabbitMQ, and Kubernetes hears of it", async (t) => {
  const here = mkdtempSync(`${tmpdir()}/parley-broker-`);
  t.after(() => rmSync(here, { recursive: true, force: true, maxRetries: 20 }));
  makeCertificates(here);
  writeFileSync(`${here}/token`, "a-token");
  const told = playKubernetes(t, here);
  const { data } = find(small, "ConfigMap", "parley-broker");
  const conf = data["rabbitmq.conf"]
    .replaceAll("/etc/rabbitmq/tls/", `${here}/`)
    .replace(/^cluster_formation.*\n/gm, "");
  assert.match(conf, /^listeners.tcp = none$/m);
  writeFileSync(`${here}/rabbitmq.conf`, conf);
  writeFileSync(`${here}/enabled_plugins`, data.enabled_plugins);
  writeFileSync(`${here}/.erlang.cookie`, "COOKIE");
  chmodSync(`${here}/.erlang.cookie`, 0o400);
  const set = find(small, "StatefulSet", "parley-broker");
  const given = environment(small, set.spec.template.spec.containers[0]);
  const env = {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    LANG: "C.UTF-8",
    HOME: here,
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: "rabbit@localhost",
    RABBITMQ_MNESIA_BASE: `${here}/data`,
    RABBITMQ_LOG_BASE: `${here}/log`,
    RABBITMQ_CONFIG_FILE: `${here}/rabbitmq.conf`,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${here}/enabled_plugins`,
    RABBITMQ_CONF_ENV_FILE: "/nonexistent",
    RABBITMQ_DEFAULT_USER: given.RABBITMQ_DEFAULT_USER,
    RABBITMQ_DEFAULT_PASS: given.RABBITMQ_DEFAULT_PASS,
  };
  start(t, "epmd", ["-address", "127.0.0.1"], env);
  const rabbitmq = start(t, "/usr/lib/rabbitmq/bin/rabbitmq-server", [], env);
  await until(rabbitmq, "metrics", async () => (await fetch("http://127.0.0.1:15692/metrics")).ok);

  const { spec } = find(small, "Deployment", "parley-router-service").spec.template;
  const service = start(
    t,
    `${directory}/router-service/parley-router-service`,
    ["--http-listen", "127.0.0.1"],
    {
      ...environment(small, spec.containers[0]),
      PARLEY_BROKER: `amqps://${user.username}:${user.password}@localhost:5671/`,
      PARLEY_BROKER_CA: `${here}/ca.crt`,
      PARLEY_KUBERNETES_API: "https://localhost:6443",
      PARLEY_KUBERNETES_ACCOUNT: here,
    },
  );
  await until(service, "ready", async () => (await fetch("http://127.0.0.1:4500/readyz")).ok);

  const pod = find(small, "Deployment", "parley-controller").spec.template.spec.containers[0];
  const controller = start(t, `${directory}/controller/parley-controller`, [], {
    ...environment(small, pod),
    PARLEY_WORKERS: "1",
    PARLEY_WEB_ROOT: "",
    PARLEY_RUN_DIRECTORY: `${here}/run`,
    PARLEY_BROKER: `amqps://${user.username}:${user.password}@localhost:5671/`,
    PARLEY_BROKER_CA: `${here}/ca.crt`,
  });
  await until(controller, "ready", async () => (await fetch("http://127.0.0.1:4400/readyz")).ok);
  await until(service, "a cost", async () => told.length >= 1);
  const { PARLEY_SERVER_ID: id } = environment(small, pod);
  assert.deepEqual(told[0], {
    method: "PATCH",
    url: `/api/v1/namespaces/parley/pods/${id}`,
    authorization: "Bearer a-token",
    type: "application/merge-patch+json",
    body: '{"metadata":{"annotations":{"controller.kubernetes.io/pod-deletion-cost":"0"}}}',
  });

  // Drained by whom the manifest has drain it: seen by everybody, and the one to lose first.
  const [, ...args] = pod.lifecycle.preStop.exec.command;
  const socket = { PARLEY_RUN_DIRECTORY: `${here}/run` };
  execFileSync(`${directory}/controller/parleyctl`, args, { env: socket });
  assert.equal((await fetch("http://127.0.0.1:4400/readyz")).status, 503);
  const headers = { authorization: `Bearer ${secrets["parley-keys"]["admin-key"]}` };
  await until(service, "drained", async () => {
    const answer = await fetch("http://127.0.0.1:4500/v1/scale", { headers });
    const { present, taking } = await answer.json();
    return present === 0 && taking === 0;
  });
});
