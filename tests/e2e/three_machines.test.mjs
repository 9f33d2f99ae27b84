// docs/three-machines.md, done as it says: its commands, in its order, on three machines.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { startChromium } from "./support/browsers.mjs";
import { canStartMachines, startMachine, startNetwork } from "./support/machines.mjs";
import { join } from "./support/people.mjs";
import { build, repository } from "./support/program.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const addresses = { first: "10.0.0.1", second: "10.0.0.2", third: "10.0.0.3" };

// Who the commands are for, by what stands before them.
const audiences = [
  [/\bon each machine\b[^.]*:$/i, ["first", "second", "third"]],
  [/\bon the first and the second machine\b[^.]*:$/i, ["first", "second"]],
  [/\bon the first machine\b[^.]*:$/i, ["first"]],
  [/\bon any machine\b[^.]*:$/i, ["first"]],
];

// The page's commands, in its order: [{ names, commands }].
async function steps() {
  const page = await readFile(path(repository, "docs/three-machines.md"), "utf8");
  const blocks = [...page.matchAll(/\n\n([^\n]+(?:\n[^\n]+)*)\n\n```sh\n(.*?)```/gs)];
  assert(blocks.length > 8 && blocks.length === page.split("```sh").length - 1);
  return blocks.map(([, before, commands]) => {
    const found = audiences.find(([pattern]) => pattern.test(before));
    assert(found, `it does not say where: ${before}`);
    return { names: found[1], commands };
  });
}

// A clone of this repository, with what `script/build --web` makes.
async function cloneIn(t) {
  const clone = await mkdtemp(path(tmpdir(), "parley-clone-"));
  t.after(() => rm(clone, { recursive: true }));
  for (const name of ["deploy", "web"]) await symlink(path(repository, name), path(clone, name));
  await symlink(build, path(clone, "build"));
  return clone;
}

// Does a step, and gives what the last of its machines said.
async function follow(machines, { names, commands }) {
  if (commands.includes("script/build")) return "";
  if (commands.includes("scp -p ")) {
    for (const [, file, address] of commands.matchAll(/^scp -p (\S+) ([\d.]+):/gm)) {
      const text = await machines.first.run(`cat ${file}`);
      const name = Object.keys(addresses).find((one) => addresses[one] === address);
      const write = `cat >${file} <<'END'\n${text}END`;
      await machines[name].run(`install -m 600 /dev/null ${file}\n${write}`);
    }
    return "";
  }
  const said = await Promise.all(
    names.map((name) => machines[name].run(commands.replace(/^me=.*$/m, `me=${addresses[name]}`))),
  );
  return said.at(-1);
}

// Asks the API as the page does.
async function ask(machine, what, body) {
  const json = body ? `-H 'content-type: application/json' -d '${JSON.stringify(body)}'` : "";
  const answer = await machine.run(`. /etc/parley/secrets
curl --no-progress-meter --fail-with-body -H "authorization: Bearer $admin_key" ${json} \\
    https://voice.example/v1${what}`);
  return JSON.parse(answer);
}

scenario("three machines become one voice service by the commands of the page", async (t) => {
  if (!(await canStartMachines())) return t.skip("wants root, in a network of its own");
  await startNetwork("10.0.0.254");
  const directory = await cloneIn(t);
  const started = Object.entries(addresses).map(async ([name, address]) => [
    name,
    await startMachine(t, { name, address, directory }),
  ]);
  const machines = Object.fromEntries(await Promise.all(started));
  const answers = [];
  const list = await steps();
  for (const step of list) {
    const from = performance.now();
    const answer = await follow(machines, step);
    t.diagnostic(`${Math.round(performance.now() - from)} ms: ${step.commands.split("\n")[0]}`);
    answers.push(answer);
  }

  const ready = answers.filter((answer) => /"ready":true/.test(answer));
  assert.equal(ready.length, 1, "the servers' /readyz");
  const count = list.find(({ commands }) => commands.includes("/v1/servers"));
  await until("the router-service has heard them", async () => {
    const { servers } = JSON.parse(await follow(machines, count));
    const names = servers.map(({ server }) => server);
    return names.sort().join() === Object.keys(addresses).sort().join();
  });
  const { url, token } = JSON.parse(answers.at(-1).trim().split(/(?<=\})\s*(?=\{)/).at(-1));
  assert.equal(url, "wss://voice.example/");

  const resolver = `--host-resolver-rules=MAP voice.example ${addresses.first}`;
  const chromium = await startChromium(t, { args: [resolver, "--ignore-certificate-errors"] });
  const site = { url: "https://voice.example" };
  const ada = await join(t, chromium, site, "standup", "Ada", 400, { token });
  const people = await Promise.all(["bob", "carol"].map(async (peer, i) => {
    const answer = await ask(machines.first, "/rooms/standup/peers", { peer });
    return join(t, chromium, site, "standup", peer, 700 + 300 * i, { token: answer.token });
  }));
  const all = [ada, ...people];
  const others = (one) => all.filter((other) => other !== one);
  await Promise.all(all.map((one) => one.hears(others(one))));

  const { home } = await ask(machines.first, "/rooms/standup/why");
  if (home === "first") return; // with RabbitMQ and nginx: the page does not switch it off either
  await machines[home].switchOff();
  for (const one of all) {
    await until(
      `${one.name} is in the room again`,
      async () => (await one.events("reconnected")).length > 0,
      { ms: 60_000 },
    );
  }
  await Promise.all(all.map((one) => one.hears(others(one), { ms: 30_000 })));
});
