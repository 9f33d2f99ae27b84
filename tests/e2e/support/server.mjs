// A real server: the controller that was built, its workers, a run directory of its own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freeTcpPort, freeUdpPort } from "./ports.mjs";
import { ended, processesWith } from "./processes.mjs";
import { witness } from "./scenario.mjs";
import { until } from "./until.mjs";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
export const build = process.env.E2E_BUILD ?? join(repository, "build");

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
  #args;
  #child;

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
    this.#args = [...wanted.flatMap(([key, value]) => [`--${key}`, String(value)]), ...args];
  }

  // Starts the controller, for the first time or again after kill(), and waits until it is ready.
  async start() {
    const program = join(build, "controller/parley-controller");
    if (!existsSync(program)) throw new Error(`${program} is missing: script/build --tests --web`);
    const log = openSync(join(this.#directory, "controller.log"), "a");
    this.#child = spawn(program, this.#args, { stdio: ["ignore", log, log] });
    closeSync(log);
    const ready = await until("the server is ready", async () => {
      return !this.#running() || (await fetch(`${this.url}/readyz`)).ok;
    });
    if (ready && !this.#running()) throw new Error("the controller ended at once");
  }

  #running() {
    return this.#child !== undefined && this.#child.exitCode === null && !this.#child.signalCode;
  }

  // Ends the controller as a crash would, and leaves the workers alone.
  async kill() {
    this.#child.kill("SIGKILL");
    await ended(this.#child);
  }

  // Ends the controller as an operator would.
  async stop() {
    this.#child.kill("SIGTERM");
    await ended(this.#child);
  }

  // The worker processes: see processesWith().
  async workers() {
    return (await processesWith(this.#directory)).filter(
      ({ program }) => program === "parley-worker",
    );
  }

  // A request of the HTTP API; `body` is made JSON, and so is the answer: { status, headers, body
  // }.
  async api(method, path, body, headers = {}) {
    const answer = await fetch(this.url + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = answer.headers.get("content-type")?.includes("json");
    return { status: answer.status, headers: answer.headers, body: json ? JSON.parse(text) : text };
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
    if (this.#running()) await this.stop();
    const left = await processesWith(this.#directory);
    for (const { pid } of left) process.kill(pid, "SIGKILL");
    const others = (await readdir(this.#directory)).filter((name) => !name.endsWith(".log"));
    await rm(this.#directory, { recursive: true });
    const running = left.map(({ args }) => args.join(" ")).join("; ");
    assert.equal(running, "", "a process that the server left running");
    assert.deepEqual(others, [], "files that the server left behind");
  }
}
