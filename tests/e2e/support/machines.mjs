// Machines, as far as a page of commands can tell: a network, processes and files of their own.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ended } from "./processes.mjs";
import { witness } from "./scenario.mjs";

// What stands for the programs of a machine that namespaces do not have: systemctl and the like.
const standIns = fileURLToPath(new URL("machine", import.meta.url));

// Runs a command, and gives what it says.
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    let complained = "";
    child.stdout.on("data", (part) => (said += part));
    child.stderr.on("data", (part) => (complained += part));
    child.once("error", reject);
    // A program that was started and goes on has the pipes too: its parent's end is what counts.
    child.once("exit", (code) => {
      if (code === 0) resolve(said);
      else reject(new Error(`${command} ended with ${code}:\n${said}${complained}`));
    });
  });
}

// Whether this is a place for them: with all accounts of a machine, and in a network that goes with
// the tests (isolated.sh).
export async function canStartMachines() {
  const accounts = (await readFile("/proc/self/uid_map", "utf8")).trim().split(/\s+/).at(-1);
  const isolated = await run("ip", ["link", "show", "parley0"]).catch(() => "");
  return Number(accounts) > 65_535 && isolated !== "";
}

// The network that machines have among themselves, with an address on it for who tests them.
export async function startNetwork(address) {
  await run("ip", ["link", "add", "machines", "type", "bridge"]);
  await run("ip", ["address", "add", `${address}/24`, "dev", "machines"]);
  await run("ip", ["link", "set", "machines", "up"]);
}

// Starts a machine on that network; it ends with the test `t`. Its commands run in `directory`.
export async function startMachine(t, { name, address, directory }) {
  const files = await mkdtemp(join(tmpdir(), "parley-machine-"));
  const spaces = ["--net", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const script = join(standIns, "machine.sh");
  const child = spawn("unshare", [...spaces, script, files, name], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const machine = new Machine(child, name, directory);
  t.after(async () => {
    await machine.switchOff();
    await rm(files, { recursive: true });
  });
  witness(t, () => machine.logs().catch((error) => `== ${name}: ${error.message}`));
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (value !== "ready") throw new Error(`${name} does not start`);
  await machine.connect(address);
  return machine;
}

class Machine {
  #child;
  #directory;
  #first; // its first process

  constructor(child, name, directory) {
    this.name = name;
    this.#child = child;
    this.#directory = directory;
  }

  async connect(address) {
    const { pid } = this.#child;
    this.#first = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim();
    const link = { name: "eth0", netns: this.#first };
    await run("ip", [
      ...["link", "add", this.name, "type", "veth"],
      ...["peer", "name", link.name, "netns", link.netns],
    ]);
    await run("ip", ["link", "set", this.name, "master", "machines", "up"]);
    await this.run(`ip link set lo up
ip address add ${address}/24 dev eth0
ip link set eth0 up`);
  }

  // Runs commands as root would type them; the first that fails ends them, and throws.
  run(script) {
    const path = `PATH=${standIns}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
    const ca = "CURL_CA_BUNDLE=/etc/letsencrypt/live/voice.example/fullchain.pem";
    const shell = ["env", path, ca, "bash", "-euo", "pipefail"];
    const inside = ["-t", this.#first, "-m", "-n", "-u", "-p", ...shell];
    return run("nsenter", [...inside, "-c", `cd "${this.#directory}"\n${script}`]);
  }

  async logs() {
    return `== ${this.name}\n${await this.run("tail -n 40 /var/log/*.unit.log")}`;
  }

  // As if somebody had pulled the plug.
  async switchOff() {
    this.#child.kill("SIGKILL");
    await ended(this.#child);
  }
}
