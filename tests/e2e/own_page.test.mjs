// docs/start.md: an app and a page of one's own beside a server with keys, by its commands.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { promisify } from "node:util";
import { shareChromium } from "./support/browsers.mjs";
import { open } from "./support/people.mjs";
import { freeTcpPort } from "./support/ports.mjs";
import { Program, repository } from "./support/program.mjs";
import { scenario } from "./support/scenario.mjs";
import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

const run = promisify(execFile);
const openChromium = shareChromium();
const page = await readFile(path(repository, "docs/start.md"), "utf8");

// What the page has where `pattern` says.
function given(pattern) {
  const found = pattern.exec(page);
  assert(found, `docs/start.md has no ${pattern}`);
  return found.slice(1);
}

const [flags] = given(/^script\/server (--admin-key .*)$/m);
const keys = flags.split(" ");
const [adminKey, example] = given(/^ADMIN_KEY=(\S+) node (\S+)$/m);

// The example, in front of `server`.
async function startApp(t, server, key) {
  const port = await freeTcpPort();
  const directory = await mkdtemp(path(tmpdir(), "parley-own-page-"));
  const file = path(repository, example);
  const env = { PARLEY: server.url, ADMIN_KEY: key, PORT: `${port}` };
  const app = new Program(process.execPath, [file], { log: path(directory, "log"), env });
  t.after(async () => {
    await app.stop();
    await rm(directory, { recursive: true });
  });
  app.start();
  const url = `http://localhost:${port}`;
  await until("the app is there", async () => (await fetch(url)).ok);
  return { url };
}

scenario("a page of another origin joins with tokens of its own app, and is heard", async (t) => {
  const server = await startServer(t, { args: keys });
  const app = await startApp(t, server, adminKey);
  const chromium = await openChromium(t);
  const own = await chromium.page({ hz: 400 });
  await own.goto(`${app.url}/?person=ada`);
  await own.click("#join");
  await own.getByText("connected").waitFor();

  // Bob is in the voice room of the server itself.
  const token = await (await fetch(`${app.url}/token?person=bob`)).text();
  const query = { room: "standup", name: "bob", token, autojoin: "1" };
  const bob = await open(t, chromium, server, query, { hz: 700 });
  await bob.hears([{ name: "ada", hz: 400 }]);
  await own.getByText("bob: live").waitFor();
  await own.click("#mute");
  await bob.hears([]);
});

scenario("a page with a token of nobody's is told why it is not let in", async (t) => {
  const server = await startServer(t, { args: keys });
  const app = await startApp(t, server, adminKey);
  const chromium = await openChromium(t);
  const own = await chromium.page({ hz: 400 });
  await own.route("**/token*", (route) => route.fulfill({ body: "a.token.of-nobody" }));
  await own.goto(`${app.url}/?person=ada`);
  await own.click("#join");
  await own.getByText("unauthorized").waitFor();
});

scenario("an app with a wrong key hears what is wanted", async (t) => {
  const server = await startServer(t, { args: keys });
  const app = await startApp(t, server, "a-key-of-somebody-else");
  const answer = await fetch(`${app.url}/token?person=ada`);
  assert.equal(answer.status, 502);
  assert.match(await answer.text(), /an admin key is wanted/);
});

scenario("the commands of a backend answer as the page says", async (t) => {
  const server = await startServer(t, { args: keys });
  const [commands] = given(/```sh\n(curl .*?)```/s);
  const here = commands.replaceAll("http://localhost:4400", server.url);
  const { stdout } = await run("bash", ["-euc", here]);
  const [shape] = given(/The second answers `(\{.*?\})`/);
  const answer = JSON.parse(stdout.slice(stdout.lastIndexOf('{"token"')));
  assert.deepEqual(Object.keys(answer), Object.keys(JSON.parse(shape)));
  assert.deepEqual([answer.room, answer.peer], ["standup", "ada"]);
});
