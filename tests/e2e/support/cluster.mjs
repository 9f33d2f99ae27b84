// Servers that are one cluster, on a RabbitMQ of the test's own.

import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Parley } from "../../../examples/api-node/parley.mjs";
import { freeTcpPort } from "./ports.mjs";
import { ended } from "./processes.mjs";
import { startRabbitMq } from "./rabbitmq.mjs";
import { witness } from "./scenario.mjs";
import { build, startServer } from "./server.mjs";
import { until } from "./until.mjs";

// Starts `names.length` servers of these ids. `assignment`: router-service, of which there is one
// then, or shared-queue. Gives { broker, app, servers: { id: server } }; `app` asks as an app does.
export async function startCluster(t, assignment, names, args = []) {
  const broker = await startRabbitMq(t);
  if (assignment === "router-service") await startRouterService(t, broker.url);
  const flags = ["--broker", broker.url, "--assignment", assignment, ...args];
  const started = names.map((id) => startServer(t, { args: [...flags, "--server-id", id] }));
  const servers = Object.fromEntries((await Promise.all(started)).map((s, i) => [names[i], s]));
  const app = new Parley(broker.url);
  t.after(() => app.close());
  await app.start();
  await until("the servers are a cluster", async () => {
    const { servers: known } = await app.ask({ type: "server.list" });
    return known.length === names.length;
  });
  return { broker, app, servers };
}

async function startRouterService(t, broker) {
  const directory = mkdtempSync(join(tmpdir(), "parley-e2e-"));
  const log = openSync(join(directory, "router-service.log"), "a");
  const port = String(await freeTcpPort());
  const flags = ["--broker", broker, "--http-listen", "127.0.0.1", "--http-port", port];
  const program = join(build, "router-service/parley-router-service");
  const child = spawn(program, flags, { stdio: ["ignore", log, log] });
  closeSync(log);
  const said = () => readFileSync(join(directory, "router-service.log"));
  witness(t, async () => `== router-service\n${said()}`);
  t.after(async () => {
    child.kill("SIGTERM");
    await ended(child);
    rmSync(directory, { recursive: true });
  });
}
