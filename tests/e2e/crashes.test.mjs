// Processes that are killed while people talk.

import assert from "node:assert/strict";
import { shareChromium } from "./support/browsers.mjs";
import { join } from "./support/people.mjs";
import { uptimeMs } from "./support/processes.mjs";
import { scenario } from "./support/scenario.mjs";
import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

const openChromium = shareChromium();

const noGapMs = 120;

// A room on each of the server's two workers: their names, by worker.
async function roomPerWorker(server) {
  const rooms = new Map();
  await until("a room on each worker", async () => {
    const { body } = await server.api("POST", "/v1/rooms", {});
    rooms.set(body.workers[0], body.id);
    return rooms.size === 2;
  });
  return rooms;
}

scenario(
  "a killed worker: voices are back 3 s after the new one's start, the other room hears no gap",
  async (t) => {
    const server = await startServer(t, { args: ["--workers", "2"] });
    const chromium = await openChromium(t);
    const rooms = await roomPerWorker(server);
    const [ada, bob, carol, dave] = await Promise.all([
      join(t, chromium, server, rooms.get(0), "Ada", 400),
      join(t, chromium, server, rooms.get(0), "Bob", 700),
      join(t, chromium, server, rooms.get(1), "Carol", 1000),
      join(t, chromium, server, rooms.get(1), "Dave", 1300),
    ]);
    await Promise.all([
      ada.hears([bob]),
      bob.hears([ada]),
      carol.hears([dave]),
      dave.hears([carol]),
    ]);
    const [carolFrom, daveFrom] = [await carol.now(), await dave.now()];

    const { body } = await server.api("GET", "/v1/workers");
    const { pid } = body.workers[0];
    process.kill(pid, "SIGKILL");
    const started = await until(
      "a new worker",
      async () => {
        const workers = await server.workers();
        return (
          workers.length === 2 &&
          workers.find((worker) => !body.workers.some((old) => old.pid === worker.pid))
        );
      },
      { everyMs: 10 },
    );

    await Promise.all([ada.hears([bob]), bob.hears([ada])]);
    for (const [person, other] of [
      [ada, bob],
      [bob, ada],
    ]) {
      const backAt = (await uptimeMs()) - (await person.heardForMs(other));
      const took = backAt - started.startedAt;
      assert(took < 3_000, `${person.name} heard ${other.name} again after ${took} ms`);
      assert.deepEqual(await person.events("peerLeft"), []);
    }
    const gaps = [await carol.longestGap(dave, carolFrom), await dave.longestGap(carol, daveFrom)];
    assert(Math.max(...gaps) < noGapMs, `gaps of ${gaps.join(" and ")} ms on the other worker`);
    const after = await server.api("GET", "/v1/workers");
    assert.deepEqual(
      after.body.workers.map(({ restarts }) => restarts),
      [1, 0],
    );
  },
);

scenario(
  "a killed controller: voices go on, and it is in control again after its restart",
  async (t) => {
    const server = await startServer(t);
    const chromium = await openChromium(t);
    const [ada, bob] = await Promise.all([
      join(t, chromium, server, "standup", "Ada", 400),
      join(t, chromium, server, "standup", "Bob", 700),
    ]);
    await Promise.all([ada.hears([bob]), bob.hears([ada])]);
    const [adaFrom, bobFrom] = [await ada.now(), await bob.now()];
    const [worker] = await server.workers();

    await server.kill();
    await Promise.all([ada.state("reconnecting"), bob.state("reconnecting")]);
    await Promise.all([ada.hears([bob]), bob.hears([ada])]);
    await server.start();
    await Promise.all([ada.state("connected"), bob.state("connected")]);
    assert.deepEqual(
      (await server.workers()).map(({ pid }) => pid),
      [worker.pid],
      "the same worker",
    );

    const carol = await join(t, chromium, server, "standup", "Carol", 1000);
    await Promise.all([ada.hears([bob, carol]), bob.hears([ada, carol]), carol.hears([ada, bob])]);
    const gaps = [await ada.longestGap(bob, adaFrom), await bob.longestGap(ada, bobFrom)];
    assert(Math.max(...gaps) < noGapMs, `gaps of ${gaps.join(" and ")} ms`);

    await ada.click("mute");
    await Promise.all([bob.hears([carol]), carol.hears([bob])]);
    await ada.click("mute");
    await carol.hears([ada, bob]);
    const { body } = await server.api("GET", "/v1/rooms/standup");
    assert.equal(body.peerCount, 3);
    const { status } = await server.api("DELETE", `/v1/rooms/standup/peers/${body.peers[0].id}`);
    assert.equal(status, 204);
    for (const person of [ada, bob]) {
      assert.deepEqual(await person.events("peerJoined").then((told) => told.slice(1)), [
        "peerJoined Carol",
      ]);
    }
  },
);
