// docs/start.md and docs/three-machines.md on empty machines: their commands, in their order.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { before } from "node:test";
import { startChromium } from "./support/browsers.mjs";
import { canStartMachines, startMachine, startNetwork } from "./support/machines.mjs";
import { join } from "./support/people.mjs";
import { build, repository } from "./support/program.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const addresses = { first: "10.0.0.1", second: "10.0.0.2", third: "10.0.0.3" };
const site = { url: "https://voice.example" };

// Who commands are for, by what stands before them.
const audiences = [
  [/\bon each machine\b[^.]*:$/i, ["first", "second", "third"]],
  [/\bon the first and the second machine\b[^.]*:$/i, ["first", "second"]],
  [/\bon the first machine\b[^.]*:$/i, ["first"]],
  [/\bon any machine\b[^.]*:$/i, ["first"]],
];

const possible = await canStartMachines();
if (possible) before(() => startNetwork("10.0.0.254"));

function scenarioOnMachines(name, play) {
  scenario(name, (t) => (possible ? play(t) : t.skip("wants root, in a network of its own")));
}

// The blocks of commands of a page, in its order, with the paragraph before each.
async function commandsOf(file) {
  const page = await readFile(path(repository, file), "utf8");
  const blocks = [...page.matchAll(/\n\n([^\n]+(?:\n[^\n]+)*)\n\n```sh\n(.*?)```/gs)];
  assert(blocks.length === page.split("```sh").length - 1, `${file}: what are they for?`);
  return blocks.map(([, words, commands]) => ({ words, commands }));
}

// The steps of three-machines.md: [{ names, commands }].
async function threeMachines() {
  const blocks = await commandsOf("docs/three-machines.md");
  assert(blocks.length > 8);
  return blocks.map(({ words, commands }) => {
    const found = audiences.find(([pattern]) => pattern.test(words));
    assert(found, `it does not say where: ${words}`);
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

// Asks the API with the admin key that `key`, a piece of shell, says.
async function ask(machine, key, what, body) {
  const json = body ? `-H 'content-type: application/json' -d '${JSON.stringify(body)}'` : "";
  const answer = await machine.run(`curl --no-progress-meter --fail-with-body ${json} \\
    -H "authorization: Bearer ${key}" ${site.url}/v1${what}`);
  return JSON.parse(answer);
}

const keyOfThree = "$(. /etc/parley/secrets; echo $admin_key)";
const keyOfOne = "$(sed -n s/PARLEY_ADMIN_KEY=//p /etc/parley/controller.env)";

// A Chromium that finds the hostname, and believes any certificate.
function startBrowser(t) {
  const resolver = `--host-resolver-rules=MAP voice.example ${addresses.first}`;
  return startChromium(t, { args: [resolver, "--ignore-certificate-errors"] });
}

// Three people who have tokens, and hear each other.
async function talk(t, chromium, machine, key) {
  const come = async (peer, hz) => {
    const { url, token } = await ask(machine, key, "/rooms/standup/peers", { peer });
    assert.equal(url, "wss://voice.example/");
    return join(t, chromium, site, "standup", peer, hz, { token });
  };
  const all = await Promise.all([come("ada", 400), come("bob", 700), come("carol", 1000)]);
  await hear(all);
  return all;
}

function hear(all, options) {
  return Promise.all(
    all.map((one) => one.hears(all.filter((other) => other !== one), options)),
  );
}

scenarioOnMachines("one machine serves others by the commands of the page", async (t) => {
  const directory = await cloneIn(t);
  const alone = { name: "alone", address: addresses.first, directory };
  const machine = await startMachine(t, alone);
  const steps = await threeMachines();
  const { commands } = steps.find(({ commands }) => commands.startsWith("install -m 755"));
  await machine.run(commands);
  const page = await commandsOf("docs/start.md");
  const from = page.findIndex(({ commands }) => commands.includes("certbot"));
  let answer;
  for (const { commands } of page.slice(from)) answer = await machine.run(commands);
  assert.match(answer, /^\{"ready":true\}/m);
  await ask(machine, keyOfOne, "/rooms", { room: "standup" });
  await talk(t, await startBrowser(t), machine, keyOfOne);
});

scenarioOnMachines("three machines are one service by the commands of the page", async (t) => {
  const directory = await cloneIn(t);
  const started = Object.entries(addresses).map(async ([name, address]) => [
    name,
    await startMachine(t, { name, address, directory }),
  ]);
  const machines = Object.fromEntries(await Promise.all(started));
  const answers = [];
  const steps = await threeMachines();
  for (const step of steps) answers.push(await follow(machines, step));

  assert.equal(answers.filter((answer) => /"ready":true/.test(answer)).length, 1, "/readyz");
  const count = steps.find(({ commands }) => commands.includes("/v1/servers"));
  await until("the router-service has heard them", async () => {
    const { servers } = JSON.parse(await follow(machines, count));
    const names = servers.map(({ server }) => server);
    return names.sort().join() === Object.keys(addresses).sort().join();
  });
  assert.match(answers.at(-1), /"token":"[^"]+","url":"wss:\/\/voice\.example\/"/);
  const people = await talk(t, await startBrowser(t), machines.first, keyOfThree);

  const { home } = await ask(machines.first, keyOfThree, "/rooms/standup/why");
  if (home === "first") return; // with RabbitMQ and nginx: the page does not switch it off either
  await machines[home].switchOff();
  for (const one of people) {
    const comes = async () => (await one.events("reconnected")).length > 0;
    await until(`${one.name} is in the room again`, comes, { ms: 60_000 });
  }
  await hear(people, { ms: 30_000 });
});
