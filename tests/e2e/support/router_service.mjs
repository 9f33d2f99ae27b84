// A real router-service: the one that was built.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freeTcpPort } from "./ports.mjs";
import { build, Program, repository } from "./program.mjs";
import { request } from "./request.mjs";
import { witness } from "./scenario.mjs";
import { until } from "./until.mjs";

// Starts one that uses the broker at `broker`, ready when this returns; it ends with the test `t`.
// `args`: more of its flags.
export async function startRouterService(t, { broker, args = [] }) {
  const directory = await mkdtemp(join(tmpdir(), "parley-e2e-"));
  const log = join(directory, "router-service.log");
  const service = new RouterService(await freeTcpPort(), broker, log, args);
  t.after(async () => {
    await service.stop();
    await rm(directory, { recursive: true });
  });
  witness(t, async () => `== router-service\n${await readFile(log, "utf8")}`);
  await service.start();
  return service;
}

class RouterService {
  #program;
  #log;

  constructor(httpPort, broker, log, args) {
    this.url = `http://127.0.0.1:${httpPort}`;
    const page = join(repository, "web/dist-dashboard");
    const listen = ["--http-listen", "127.0.0.1", "--http-port", `${httpPort}`];
    const flags = ["--broker", broker, ...listen, "--dashboard-root", page];
    const file = join(build, "router-service/parley-router-service");
    this.#log = log;
    this.#program = new Program(file, [...flags, ...args], { log });
  }

  // For the first time, or again after kill().
  async start() {
    this.#program.start();
    await until("the router-service is ready", async () => {
      if (!this.runs) throw new Error("it ended");
      return (await fetch(`${this.url}/readyz`)).ok;
    });
  }

  // From its next start on it is this executable.
  become(file) {
    this.#program.become(file);
  }

  get runs() {
    return this.#program.runs;
  }

  kill() {
    return this.#program.kill();
  }

  stop() {
    return this.#program.stop();
  }

  // What it wrote.
  logs() {
    return readFile(this.#log, "utf8");
  }

  // A request of its HTTP API: see request().
  api(method, path, body, headers) {
    return request(this.url + path, method, body, headers);
  }

  // Whether it is the one that commands are delivered to.
  async isActive() {
    if (!this.runs) return false;
    const { body } = await this.api("GET", "/metrics");
    return /^parley_service_active 1$/m.test(body);
  }
}
