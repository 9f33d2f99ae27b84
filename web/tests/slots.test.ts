// A whole Room that hears in slots, against a server in memory.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Room } from "../sdk/room.js";
import type { RoomOptions } from "../sdk/types.js";
import { FakePage } from "./fake_page.js";
import { FakeServer, Refusal } from "./fake_server.js";

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

async function join(t: TestContext, server: FakeServer, options: Partial<RoomOptions> = {}) {
  const page = new FakePage(server);
  const room = new Room(
    { url: "ws://server.test/", room: "r", peer: "ada", displayName: "Ada", slots: 2, ...options },
    page,
  );
  const events: string[] = [];
  for (const name of ["track", "trackRemoved"] as const) {
    room.on(name, ({ peer }) => events.push(`${name} ${peer.id}`));
  }
  t.after(() => room.leave());
  await room.join();
  await until(() => page.playing.size === (options.slots ?? 2));
  return { room, page, events };
}

const limit = { timeout: 20_000 };

test("two streams are played from the first moment on, whoever speaks", limit, async (t) => {
  const server = new FakeServer();
  for (const id of ["bob", "eve", "dan"]) server.addPeer(id, id);
  const { room, page, events } = await join(t, server);
  const streams = [...page.playing.values()];
  server.give("ada", 0, "bob");
  server.give("ada", 1, "eve");
  await until(() => events.length === 2);
  server.give("ada", 0, "dan");
  await until(() => events.length === 4);
  assert.deepEqual(events, ["track bob", "track eve", "trackRemoved bob", "track dan"]);
  assert.equal(room.peers.get("dan")?.track, streams[0]);
  assert.equal(room.peers.get("bob")?.track, undefined);
  server.give("ada", 0, null);
  await until(() => room.peers.get("dan")?.track === undefined);
  // Nothing was stopped and played again: that would be heard.
  assert.deepEqual([...page.playing.values()], streams);
});

test("who speaks, is muted or only listens shows, heard or not", limit, async (t) => {
  const server = new FakeServer();
  server.addPeer("bob", "Bob");
  server.addPeer("eve", "Eve", false);
  const { room } = await join(t, server);
  assert.equal(room.peers.get("bob")?.audio, "live");
  assert.equal(room.peers.get("eve")?.audio, "none");
  server.setPaused("bob", true);
  await until(() => room.peers.get("bob")?.audio === "muted");
  server.stopSpeaking("bob");
  await until(() => room.peers.get("bob")?.audio === "none");
  server.addPeer("dan", "Dan");
  await until(() => room.peers.get("dan")?.audio === "live");
});

test("a speaker who leaves takes no stream along", limit, async (t) => {
  const server = new FakeServer();
  server.addPeer("bob", "Bob");
  const { room, page, events } = await join(t, server);
  server.give("ada", 1, "bob");
  await until(() => room.peers.get("bob")?.track !== undefined);
  server.remove(server.peer("bob"));
  await until(() => !room.peers.has("bob"));
  assert.equal(page.playing.size, 2);
  server.addPeer("eve", "Eve");
  server.give("ada", 1, "eve");
  await until(() => room.peers.get("eve")?.track !== undefined);
  assert.deepEqual(events, ["track bob", "trackRemoved bob", "track eve"]);
});

test("a volume is a person's, whatever stream carries the voice", limit, async (t) => {
  const server = new FakeServer();
  for (const id of ["bob", "eve"]) server.addPeer(id, id);
  const { room, page } = await join(t, server);
  const [first, second] = [...page.playing.keys()] as [string, string];
  room.setVolume("bob", 0.3);
  server.give("ada", 0, "bob");
  await until(() => page.volumes.get(first) === 0.3);
  server.give("ada", 0, "eve");
  await until(() => page.volumes.get(first) === 1);
  server.give("ada", 1, "bob");
  await until(() => page.volumes.get(second) === 0.3);
});

test("muting for oneself is silent at once, and said to the server", limit, async (t) => {
  const server = new FakeServer();
  for (const id of ["bob", "eve"]) server.addPeer(id, id);
  const { room, page } = await join(t, server);
  const [first] = [...page.playing.keys()] as [string];
  server.give("ada", 0, "bob");
  await until(() => room.peers.get("bob")?.track !== undefined);
  const asked = room.muteHere("bob", true);
  assert.equal(page.volumes.get(first), 0);
  assert(room.mutedHere("bob"));
  await asked;
  await room.pin("eve", true);
  const { rules } = server.peer("ada");
  assert.deepEqual([[...rules.muted], [...rules.pinned]], [["bob"], ["eve"]]);
  await room.muteHere("bob", false);
  assert.equal(page.volumes.get(first), 1);
  assert.equal(rules.muted.size, 0);
  server.refused.set("pinSpeaker", new Refusal(429, "as many as may be"));
  await assert.rejects(room.pin("bob", true));
  assert.equal(room.pinned("bob"), false);
});

test("the rules hold in the next session, and for who comes back", limit, async (t) => {
  const server = new FakeServer();
  for (const id of ["bob", "eve"]) server.addPeer(id, id);
  const { room, page } = await join(t, server);
  await room.muteHere("bob", true);
  await room.pin("eve", true);
  server.remove(server.peer("eve"));
  await until(() => !room.peers.has("eve"));
  const before = [...page.playing.keys()];
  server.close("ada", 4404, "no-such-session");
  await until(() => server.peers.get("ada")?.rules.muted.has("bob") ?? false);
  server.addPeer("eve", "Eve");
  await until(() => server.peer("ada").rules.pinned.has("eve"));
  await until(() => page.playing.size === 2 && !page.playing.has(before[0] as string));
});

test("when the transports are lost new slots take the place of the old", limit, async (t) => {
  const server = new FakeServer();
  server.addPeer("bob", "Bob");
  const { room, page } = await join(t, server);
  server.give("ada", 0, "bob");
  await until(() => room.peers.get("bob")?.track !== undefined);
  const before = [...page.playing.keys()];
  server.loseTransports();
  await until(() => page.playing.size === 2 && !page.playing.has(before[0] as string));
  server.give("ada", 1, "bob");
  await until(() => room.peers.get("bob")?.track !== undefined);
});

test("a server that was restarted says whose voices the slots carry now", limit, async (t) => {
  const server = new FakeServer();
  for (const id of ["bob", "eve"]) server.addPeer(id, id);
  const { room, page } = await join(t, server);
  server.give("ada", 0, "bob");
  await until(() => room.peers.get("bob")?.track !== undefined);
  const streams = [...page.playing.keys()];
  server.restart();
  const consumer = [...server.peer("ada").consumers.values()].find(({ slot }) => slot === 0);
  assert(consumer);
  consumer.peerId = "eve";
  await until(() => room.peers.get("eve")?.track !== undefined);
  assert.equal(room.peers.get("bob")?.track, undefined);
  assert.deepEqual([...page.playing.keys()], streams);
});
