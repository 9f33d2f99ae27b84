// A real server: the controller that was built, its workers, a run directory of its own.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freeTcpPort, freeUdpPort } from "./ports.mjs";
import { processesWith } from "./processes.mjs";
import { build, Program, repository } from "./program.mjs";
import { request } from "./request.mjs";
import { witness } from "./scenario.mjs";
import { until } from "./until.mjs";

const run = promisify(execFile);

// Starts one, ready when this returns. `t` is the test that owns it: at its end the server is
// stopped, and the test fails if that left a process behind. `args`: more of the controller's
// flags.
export async function startServer(t, { args = [] } = {}) {
  const directory = await mkdtemp(join(tmpdir(), "parley-e2e-"));
  const server = new Server(directory, await freeTcpPort(), await freeUdpPort(), args);
  t.after(() => server.end());
  witness(t, () => server.logs());
  await server.start();
  return server;
}

class Server {
  #directory;
  #controller;

  constructor(directory, httpPort, rtcPort, args) {
    this.#directory = directory;
    this.url = `http://127.0.0.1:${httpPort}`;
    this.httpPort = httpPort;
    const flags = {
      "http-listen": "127.0.0.1",
      "http-port": httpPort,
      "rtc-port": rtcPort,
      "run-directory": directory,
      "web-root": join(repository, "web/dist"),
      workers: 1,
    };
    const given = (key) => args.some((arg) => arg === `--${key}`);
    const wanted = Object.entries(flags).filter(([key]) => !given(key));
    this.#controller = new Program(
      join(build, "controller/parley-controller"),
      [...wanted.flatMap(([key, value]) => [`--${key}`, String(value)]), ...args],
      { log: join(directory, "controller.log") },
    );
  }

  // Starts the controller, for the first time or again after kill(), and waits until it is ready.
  async start() {
    this.#controller.start();
    const ready = await until("the server is ready", async () => {
      return !this.runs || (await fetch(`${this.url}/readyz`)).ok;
    });
    if (ready && !this.runs) throw new Error("the controller ended at once");
  }

  // From its next start on the controller is this executable; workers are those beside it.
  become(controller) {
    this.#controller.become(controller);
  }

  // The controller's.
  get pid() {
    return this.#controller.pid;
  }

  // Whether the controller does.
  get runs() {
    return this.#controller.runs;
  }

  // Ends the controller as a crash would, and leaves the workers alone.
  kill() {
    return this.#controller.kill();
  }

  // Ends the controller and its workers, as if their machine were gone.
  async crash() {
    const workers = await this.workers();
    const killed = this.kill();
    for (const { pid } of workers) process.kill(pid, "SIGKILL");
    await killed;
    await until("the workers are gone", async () => (await this.workers()).length === 0);
  }

  // Ends the controller as an operator would.
  stop() {
    return this.#controller.stop();
  }

  // The worker processes: see processesWith().
  async workers() {
    return (await processesWith(this.#directory)).filter(
      ({ program }) => program === "parley-worker",
    );
  }

  // A request of the HTTP API: see request().
  api(method, path, body, headers = {}) {
    return request(this.url + path, method, body, headers);
  }

  // What parleyctl prints on this machine.
  async parleyctl(...args) {
    const socket = join(this.#directory, "control.sock");
    const program = join(build, "controller/parleyctl");
    const { stdout } = await run(program, ["--socket", socket, ...args]);
    return stdout;
  }

  // What the controller and the workers wrote.
  async logs() {
    const names = (await readdir(this.#directory)).filter((name) => name.endsWith(".log")).sort();
    const texts = names.map(async (name) => {
      const text = await readFile(join(this.#directory, name), "utf8");
      return `== ${name}\n${text.split("\n").slice(-80).join("\n")}`;
    });
    return (await Promise.all(texts)).join("\n");
  }

  // Stops everything; throws if the controller did not do so by itself.
  async end() {
    await this.stop();
    const left = await processesWith(this.#directory);
    for (const { pid } of left) process.kill(pid, "SIGKILL");
    const others = (await readdir(this.#directory)).filter((name) => !name.endsWith(".log"));
    await rm(this.#directory, { recursive: true });
    const running = left.map(({ args }) => args.join(" ")).join("; ");
    assert.equal(running, "", "a process that the server left running");
    assert.deepEqual(others, [], "files that the server left behind");
  }
}
