// A room is where it is, and any server lets people into it.

import assert from "node:assert/strict";
import { shareChromium } from "./support/browsers.mjs";
import { startCluster } from "./support/cluster.mjs";
import { startFlakyLink } from "./support/flaky_link.mjs";
import { join } from "./support/people.mjs";
import { shareRabbitMq } from "./support/rabbitmq.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const openChromium = shareChromium();
const ownVhost = shareRabbitMq({ tests: 3 });

for (const assignment of ["router-service", "shared-queue"]) {
  scenario(`${assignment}: people meet who came by different servers`, async (t) => {
    const broker = { url: await ownVhost() };
    const { app, servers } = await startCluster(t, assignment, ["one", "two"], { broker });
    const { home } = await app.ask({ type: "room.create", room: "standup" });
    const away = home === "one" ? "two" : "one";
    const chromium = await openChromium(t);
    const link = await startFlakyLink(t, servers[away]);
    const [ada, bob] = await Promise.all([
      join(t, chromium, servers[home], "standup", "Ada", 400),
      join(t, chromium, link, "standup", "Bob", 700),
    ]);
    await Promise.all([ada.hears([bob]), bob.hears([ada])]);
    const from = [await ada.now(), await bob.now()];

    link.lead(servers[home]);
    await servers[away].kill();
    await until("Bob has come again", async () => {
      const states = await bob.events("state");
      return states.at(-2)?.startsWith("state reconnecting") && states.at(-1) === "state connected";
    });
    const gaps = [await ada.longestGap(bob, from[0]), await bob.longestGap(ada, from[1])];
    assert(Math.max(...gaps) < 200, `gaps of ${gaps.join(" and ")} ms`);
    assert.deepEqual(await ada.events("peerLeft"), []);
    await servers[away].start();
  });
}

scenario("a room that moves takes its people along", async (t) => {
  const broker = { url: await ownVhost() };
  const { app, servers } = await startCluster(t, "router-service", ["one", "two"], { broker });
  const { home } = await app.ask({ type: "room.create", room: "standup" });
  const away = home === "one" ? "two" : "one";
  const chromium = await openChromium(t);
  const [ada, bob] = await Promise.all([
    join(t, chromium, servers[home], "standup", "Ada", 400),
    join(t, chromium, servers[away], "standup", "Bob", 700),
  ]);
  await Promise.all([ada.hears([bob]), bob.hears([ada])]);

  await app.ask({ type: "server.drain", server: home, deadline: 1 });
  for (const person of [ada, bob]) {
    await person.tells(["moved", "reconnected"], ["moved ", "reconnected "]);
  }
  await Promise.all([ada.hears([bob]), bob.hears([ada])]);
  const room = await app.ask({ type: "room.get", room: "standup" });
  assert.deepEqual([room.home, room.peers], [away, 2]);
});

scenario("one home, whoever comes by which server, and is asked after by which", async (t) => {
  const { app, broker, servers } = await startCluster(t, "router-service", ["one", "two"]);
  const chromium = await openChromium(t);
  const [ada, bob] = await Promise.all([
    join(t, chromium, servers.one, "ours", "Ada", 400),
    join(t, chromium, servers.two, "ours", "Bob", 700),
  ]);
  await Promise.all([ada.hears([bob]), bob.hears([ada])]);
  const { rooms } = await app.ask({ type: "room.list" });
  assert.deepEqual(
    rooms.map(({ room, epoch }) => [room, epoch > 0]),
    [["ours", true]],
  );

  const ask = (id, method, path, body) => servers[id].api(method, path, body);
  const [{ home }] = rooms;
  const away = home === "one" ? "two" : "one";
  const seen = await ask(away, "GET", "/v1/rooms/ours");
  assert.equal(seen.status, 200);
  assert.deepEqual([seen.body.home, seen.body.workers], [home, undefined]);
  assert.equal((await ask(home, "GET", "/v1/rooms/ours")).body.peers.length, 2);
  const made = await ask(away, "POST", "/v1/rooms", { room: "more", options: { maxPeers: 7 } });
  assert.equal(made.status, 201);
  for (const id of ["one", "two"]) {
    assert.equal((await ask(id, "GET", "/v1/rooms/more")).body.maxPeers, 7);
    assert.deepEqual(
      (await ask(id, "GET", "/v1/rooms")).body.rooms.map((room) => room.id),
      ["more", "ours"],
    );
    assert.equal((await ask(id, "GET", "/v1/rooms/ours/why")).body.home, home);
    assert.equal((await ask(id, "GET", "/v1/rooms/none")).status, 404);
  }

  await broker.kill();
  await until(
    "the servers miss the broker",
    async () => (await ask(away, "GET", "/readyz")).status === 503,
    { ms: 60_000 },
  );
  assert.equal((await ask(away, "GET", "/v1/rooms/none")).status, 503);
  const sent = await ask(away, "GET", "/v1/rooms/ours"); // fetch follows
  assert.equal(sent.body.peers.length, 2);
  const carol = await join(t, chromium, servers[away], "ours", "Carol", 1000);
  await carol.hears([ada, bob]);
});
