// A room is where it is, and any server lets people into it.

import assert from "node:assert/strict";
import { startChromium } from "./support/browsers.mjs";
import { startCluster } from "./support/cluster.mjs";
import { startFlakyLink } from "./support/flaky_link.mjs";
import { join } from "./support/people.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

for (const assignment of ["router-service", "shared-queue"]) {
  scenario(`${assignment}: people meet who came by different servers`, async (t) => {
    const { app, servers } = await startCluster(t, assignment, ["one", "two"]);
    const { home } = await app.ask({ type: "room.create", room: "standup" });
    const away = home === "one" ? "two" : "one";
    const chromium = await startChromium(t);
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

scenario("a room that a peer makes has one home, whoever comes by which server", async (t) => {
  const { app, servers } = await startCluster(t, "router-service", ["one", "two"]);
  const chromium = await startChromium(t);
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
});
