// A program of this project as a process of its own, with a log.

import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ended } from "./processes.mjs";

export const repository = fileURLToPath(new URL("../../..", import.meta.url));
export const build = process.env.E2E_BUILD ?? join(repository, "build");

export class Program {
  #file;
  #args;
  #log;
  #env;
  #child;

  // `file`: the executable; `log`: the file that takes what it says.
  constructor(file, args, { log, env = {} }) {
    this.#file = file;
    this.#args = args;
    this.#log = log;
    this.#env = { ...process.env, ...env };
  }

  start() {
    if (!existsSync(this.#file)) {
      throw new Error(`${this.#file} is missing: script/build --tests --web`);
    }
    const log = openSync(this.#log, "a");
    const options = { stdio: ["ignore", log, log], env: this.#env };
    this.#child = spawn(this.#file, this.#args, options);
    closeSync(log);
  }

  get pid() {
    return this.#child?.pid;
  }

  get runs() {
    return this.#child !== undefined && this.#child.exitCode === null && !this.#child.signalCode;
  }

  // From its next start on it is this executable.
  become(file) {
    this.#file = file;
  }

  // Ends it as a crash would.
  async kill() {
    this.#child.kill("SIGKILL");
    await ended(this.#child);
  }

  // Ends it as an operator would.
  async stop() {
    if (!this.runs) return;
    this.#child.kill("SIGTERM");
    await ended(this.#child);
  }
}
