// A whole Room against a server in memory: what somebody in it notices.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Room } from "../sdk/room.js";
import { JoinError, type RoomEvents, type RoomOptions } from "../sdk/types.js";
import { FakePage, fakeTrack, unplug } from "./fake_page.js";
import { FakeServer, Refusal } from "./fake_server.js";

const url = "ws://server.test/";

// Turns the loop until `holds`; the test's own time limit ends what never does.
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

interface Joined {
  room: Room;
  page: FakePage;
  events: string[]; // the names of what happened to peers and tracks
}

function prepare(t: TestContext, server: FakeServer, options: Partial<RoomOptions> = {}): Joined {
  const page = new FakePage(server);
  const room = new Room(
    { url, room: "standup", peer: "ada", displayName: "Ada", audio: true, ...options },
    page,
  );
  const events: string[] = [];
  for (const name of ["peerJoined", "peerLeft", "track", "trackRemoved"] as const) {
    room.on(name, ({ peer }) => events.push(`${name} ${peer.id}`));
  }
  t.after(() => room.leave());
  return { room, page, events };
}

async function join(t: TestContext, server: FakeServer, options?: Partial<RoomOptions>) {
  const joined = prepare(t, server, options);
  await joined.room.join();
  return joined;
}

function nextState(room: Room, name: RoomEvents["state"]["name"]): Promise<void> {
  return until(() => room.state.name === name);
}

const limit = { timeout: 20_000 };

test("somebody joins, is heard, and hears who was there and who comes", limit, async (t) => {
  const server = new FakeServer();
  server.addPeer("bob", "Bob");
  const { room, page, events } = await join(t, server);
  assert.equal(room.state.name, "connected");
  assert.equal(server.peer("ada").producers.size, 1);
  server.addPeer("eve", "Eve");
  await until(() => page.playing.size === 2);
  assert.deepEqual([...room.peers.values()].map((peer) => peer.displayName), ["Bob", "Eve"]);
  assert.deepEqual(events, ["peerJoined bob", "track bob", "peerJoined eve", "track eve"]);
  server.remove(server.peer("bob"));
  await until(() => !room.peers.has("bob"));
  assert.equal(page.playing.size, 1);
});

test("two clients see each other mute, speak and rename", limit, async (t) => {
  const server = new FakeServer();
  const { room: ada } = await join(t, server);
  const { room: bob } = await join(t, server, { peer: "bob", displayName: "Bob", muted: true });
  await until(() => ada.peers.get("bob")?.audio === "muted");
  await bob.unmute();
  await until(() => ada.peers.get("bob")?.audio === "live");
  assert.equal(bob.track?.enabled, true);
  await bob.mute();
  assert.equal(bob.track?.enabled, false);
  await until(() => ada.peers.get("bob")?.audio === "muted");
  await bob.setDisplayName("Bobby");
  await until(() => ada.peers.get("bob")?.displayName === "Bobby");
  server.levels([{ peerId: "bob", dbov: -20 }]);
  const { levels } = await ada.once("speaking");
  assert((levels.get("bob") ?? 0) > 0.5);
  assert.equal(ada.peers.get("bob")?.level, levels.get("bob"));
});

test("listening only: no microphone is opened and nothing is sent", limit, async (t) => {
  const server = new FakeServer();
  const { room, page } = await join(t, server, { audio: false });
  assert.equal(room.microphone, "off");
  assert.equal(page.opened.length, 0);
  assert.equal(server.peer("ada").transports.size, 1);
  await room.publish(fakeTrack());
  assert.equal(server.peer("ada").producers.size, 1);
});

test("a refused microphone does not keep anybody from listening", limit, async (t) => {
  const server = new FakeServer();
  const { room, page } = prepare(t, server);
  page.microphone = "refused";
  await room.join();
  assert.equal(room.microphone, "refused");
  assert.equal(room.state.name, "connected");
});

test("a token that does not let one speak leaves one listening", limit, async (t) => {
  const server = new FakeServer();
  server.refused.set("produce", new Refusal(403, "may not publish"));
  const { room } = await join(t, server);
  assert.equal(room.microphone, "forbidden");
});

test("a dropped connection is resumed, and no voice is interrupted", limit, async (t) => {
  const server = new FakeServer();
  server.addPeer("bob", "Bob");
  const { room, page, events } = await join(t, server);
  await until(() => page.playing.size === 1);
  const before = [...events];
  const track = room.peers.get("bob")?.track;
  server.drop("ada");
  server.addPeer("eve", "Eve", false);
  await nextState(room, "reconnecting");
  await nextState(room, "connected");
  await until(() => room.peers.has("eve"));
  assert.deepEqual(events.slice(before.length), ["peerJoined eve"]);
  assert.equal(room.peers.get("bob")?.track, track);
  assert.equal(server.peer("ada").asked.filter((method) => method === "join").length, 1);
});

test("muting while the connection is down takes hold at once, and reaches the server", limit, async (t) => {
  const server = new FakeServer();
  const { room } = await join(t, server);
  server.drop("ada");
  await nextState(room, "reconnecting");
  const muted = room.mute();
  assert.equal(room.track?.enabled, false);
  await muted;
  assert.deepEqual([...server.peer("ada").producers.values()], [{ paused: true }]);
});

test("when a worker dies everybody speaks and hears again by themselves", limit, async (t) => {
  const server = new FakeServer();
  const { room, page } = await join(t, server);
  const { page: other } = await join(t, server, { peer: "bob", muted: true });
  await until(() => page.playing.size === 1 && other.playing.size === 1);
  server.loseTransports();
  await nextState(room, "reconnecting");
  await nextState(room, "connected");
  await until(() => page.playing.size === 1 && other.playing.size === 1);
  assert.equal(room.peers.size, 1);
  await until(() => room.peers.get("bob")?.audio === "muted");
  assert.equal(server.peer("ada").asked.filter((method) => method === "join").length, 1);
});

test("transports that can not be had yet are asked for again", limit, async (t) => {
  const server = new FakeServer();
  const { room } = await join(t, server);
  server.refused.set("createWebRtcTransport", new Refusal(503, "no worker"));
  server.loseTransports();
  await nextState(room, "reconnecting");
  server.refused.clear();
  await nextState(room, "connected");
  assert.equal(server.peer("ada").producers.size, 1);
});

test("a transport that was had is kept while another one is still asked for", limit, async (t) => {
  const server = new FakeServer();
  server.transportsLeft = 1;
  const { room } = await join(t, server);
  assert.equal(room.state.name, "connected");
  assert.equal(server.peer("ada").transports.size, 2);
});

test("after the server was restarted what was missed is made up for", limit, async (t) => {
  const server = new FakeServer();
  server.addPeer("bob", "Bob");
  server.addPeer("eve", "Eve");
  server.addPeer("zoe", "Zoe");
  const { room, page, events } = await join(t, server);
  await until(() => page.playing.size === 3);
  const track = room.peers.get("eve")?.track;
  events.length = 0;
  const ada = server.peer("ada");
  server.drop("ada");
  server.remove(server.peer("bob"));
  server.stopSpeaking("zoe");
  server.addPeer("kim", "Kim");
  server.setPaused("eve", true);
  server.restart();
  await until(() => ada.asked.includes("sync") && room.peers.has("kim"));
  await until(() => events.length === 5);
  assert.equal(page.playing.size, 2);
  assert.deepEqual(events.sort(), [
    "peerJoined kim",
    "peerLeft bob",
    "track kim",
    "trackRemoved bob",
    "trackRemoved zoe",
  ]);
  assert.equal(room.peers.get("eve")?.track, track);
  assert.equal(room.peers.get("eve")?.audio, "muted");
  await until(() => ada.asked.includes("resumeConsumer"));
});

test("a producer that the restarted server does not know is made again", limit, async (t) => {
  const server = new FakeServer();
  await join(t, server);
  server.peer("ada").producers.clear();
  server.restart();
  await until(() => server.peer("ada").producers.size === 1);
});

test("when the session is gone the room is joined anew, and who stayed did not leave", limit, async (t) => {
  const server = new FakeServer();
  server.addPeer("bob", "Bob");
  server.addPeer("eve", "Eve");
  const { room, page, events } = await join(t, server);
  await until(() => page.playing.size === 2);
  events.length = 0;
  const ada = server.peer("ada");
  server.remove(ada);
  server.remove(server.peer("eve"));
  ada.socket?.close(1006, "");
  await nextState(room, "reconnecting");
  await nextState(room, "connected");
  await until(() => page.playing.size === 1);
  assert.deepEqual([...room.peers.keys()], ["bob"]);
  assert(!events.includes("peerLeft bob"));
  assert.equal(server.peer("ada").producers.size, 1);
});

test("a connection that fails is restarted, in time", limit, async (t) => {
  const server = new FakeServer();
  const { room, page } = await join(t, server);
  page.become("connected");
  page.become("failed");
  assert.equal(room.state.name, "reconnecting");
  await until(() => server.peer("ada").asked.filter((m) => m === "restartIce").length === 2);
  page.become("connected");
  assert.equal(room.state.name, "connected");
});

test("another network restarts what is not connected", limit, async (t) => {
  const server = new FakeServer();
  const { page } = await join(t, server);
  page.become("connected");
  page.become("disconnected");
  page.onNetwork();
  await until(() => server.peer("ada").asked.includes("restartIce"));
});

test("whoever is told to leave is told why, and stays away", limit, async (t) => {
  const server = new FakeServer();
  const { room, page } = await join(t, server);
  server.close("ada", 4403, "kicked: be nice");
  await nextState(room, "closed");
  assert.deepEqual(room.state, { name: "closed", reason: "kicked", message: "be nice" });
  assert.equal(page.opened[0]?.readyState, "ended");
  assert.equal(server.connections, 1);
});

test("a room that is full is said so at once", limit, async (t) => {
  const server = new FakeServer();
  server.refusing = { code: 4429, reason: "room-full" };
  const { room } = prepare(t, server);
  await assert.rejects(room.join(), (error: JoinError) => error.reason === "room-full");
});

test("somebody who was in the room waits for a place in it", limit, async (t) => {
  const server = new FakeServer();
  const { room } = await join(t, server);
  server.refusing = { code: 4429, reason: "room-full" };
  server.peer("ada").socket?.close(4500, "transports-lost");
  await until(() => room.state.name === "reconnecting" && room.state.what === "room-full");
  server.refusing = undefined;
  await nextState(room, "connected");
});

test("a room that moves is followed: new transports, the same microphone", limit, async (t) => {
  const server = new FakeServer();
  const { room } = await join(t, server, { audio: true });
  const told: string[] = [];
  room.on("moved", () => told.push("moved"));
  room.on("reconnected", () => told.push("reconnected"));
  const { track } = room;
  const before = [...(server.peer("ada").transports ?? [])];
  server.close("ada", 4307, "moved");
  await nextState(room, "reconnecting");
  await nextState(room, "connected");
  assert.deepEqual(told, ["moved", "reconnected"]);
  assert.equal(room.track, track);
  const ada = server.peer("ada");
  assert.equal(ada.producers.size, 1);
  assert.ok(before.length > 0 && before.every((id) => !ada.transports.has(id)));
});

test("a lost link between servers is mended without new transports", limit, async (t) => {
  const server = new FakeServer();
  const { room } = await join(t, server, { audio: true });
  const told: string[] = [];
  room.on("moved", () => told.push("moved"));
  room.on("reconnected", () => told.push("reconnected"));
  const before = [...server.peer("ada").transports];
  server.peer("ada").socket?.close(4502, "home-lost");
  await nextState(room, "reconnecting");
  await nextState(room, "connected");
  assert.deepEqual(told, ["reconnected"]);
  assert.deepEqual([...server.peer("ada").transports], before);
});

test("a server that does not answer is given up when patience ends", limit, async (t) => {
  const { room, page } = prepare(t, new FakeServer(), { patienceMs: 50 });
  page.online = false;
  await assert.rejects(room.join(), (error: JoinError) => error.reason === "unreachable");
  assert.equal(page.opened[0]?.readyState, "ended");
});

test("ids that no server takes are refused before anything is opened", limit, async (t) => {
  const { room, page } = prepare(t, new FakeServer(), { room: "a room" });
  await assert.rejects(room.join(), (error: JoinError) => error.reason === "bad-request");
  assert.equal(page.opened.length, 0);
});

test("a token is fetched for every connection", limit, async (t) => {
  const server = new FakeServer();
  let fetched = 0;
  const { room } = await join(t, server, { token: async () => `token ${++fetched}` });
  server.drop("ada");
  await nextState(room, "reconnecting");
  await nextState(room, "connected");
  assert.equal(fetched, 2);
});

test("leaving tells the others, stops the microphone and ends the sound", limit, async (t) => {
  const server = new FakeServer();
  const { room, page } = await join(t, server);
  const { room: bob } = await join(t, server, { peer: "bob" });
  await until(() => page.playing.size === 1);
  room.leave();
  assert.equal(room.state.name, "closed");
  assert.equal(page.playing.size, 0);
  assert.equal(page.opened[0]?.readyState, "ended");
  await until(() => !bob.peers.has("ada"));
  room.leave();
});

test("a page that goes away leaves the room; a given track stays its owner's", limit, async (t) => {
  const server = new FakeServer();
  const track = fakeTrack();
  const { page } = await join(t, server, { audio: track });
  page.onGoing();
  await until(() => !server.peers.has("ada"));
  assert.equal(track.readyState, "live");
});

test("an unplugged microphone is replaced by the default one", limit, async (t) => {
  const server = new FakeServer();
  const { room, page } = await join(t, server, { inputDevice: "headset" });
  const change = room.once("microphone");
  unplug(page.opened[0]!);
  assert.deepEqual(await change, { state: "live", label: "default", fallback: true });
  assert.equal(room.track?.label, "default");
  assert.equal(server.peer("ada").asked.filter((method) => method === "produce").length, 1);
});

test("without another microphone one is told, and speaks again when one is plugged in", limit, async (t) => {
  const server = new FakeServer();
  const { room, page } = await join(t, server);
  page.microphone = "missing";
  unplug(page.opened[0]!);
  assert.equal((await room.once("microphone")).state, "lost");
  await until(() => server.peer("ada").producers.size === 0);
  page.microphone = "there";
  page.onDevices();
  await until(() => server.peer("ada").producers.size === 1);
  assert.equal(room.microphone, "live");
});

test("another microphone is spoken with, muted as before; a failing one changes nothing", limit, async (t) => {
  const server = new FakeServer();
  const { room, page } = await join(t, server, { muted: true });
  await room.setInputDevice("headset");
  assert.equal(room.track?.label, "headset");
  assert.equal(room.track?.enabled, false);
  assert.equal(page.opened[0]?.readyState, "ended");
  page.microphone = "missing";
  await assert.rejects(room.setInputDevice("gone"));
  assert.equal(room.track?.label, "headset");
  assert.equal(room.track?.readyState, "live");
});

test("what an administrator muted only an administrator unmutes", limit, async (t) => {
  const server = new FakeServer();
  const { room } = await join(t, server);
  const ada = server.peer("ada");
  const [producerId] = ada.producers.keys();
  ada.silenced = true;
  ada.notify("muted", { producerId, by: "admin" });
  assert.deepEqual(await room.once("muted"), { muted: true, by: "admin" });
  assert.equal(room.track?.enabled, false);
  await room.mute();
  await room.unmute();
  assert.equal(room.mutedBy, "admin");
  assert.equal(room.track?.enabled, false);
  ada.silenced = false;
  ada.notify("unmuted", { producerId, by: "admin" });
  await until(() => !room.muted && room.track?.enabled === true);
});

test("push to talk pressed and released faster than the server answers ends muted", limit, async (t) => {
  const server = new FakeServer();
  const { room } = await join(t, server, { muted: true });
  await Promise.all([room.unmute(), room.mute(), room.unmute(), room.mute()]);
  assert.equal(room.track?.enabled, false);
  assert.deepEqual([...server.peer("ada").producers.values()], [{ paused: true }]);
});

test("a voice that ends while it is being taken up leaves nothing behind", limit, async (t) => {
  const server = new FakeServer();
  const { room, page } = await join(t, server);
  for (let i = 0; i < 20; i++) {
    server.addPeer(`p${i}`, "Quick");
    if (i % 2 === 0) server.stopSpeaking(`p${i}`);
    else server.remove(server.peer(`p${i}`));
  }
  server.addPeer("last", "Last");
  await until(() => room.peers.get("last")?.audio === "live");
  assert.equal(page.playing.size, 1);
  assert.equal(room.peers.size, 11);
  assert.equal(room.peers.get("p0")?.audio, "none");
});

test("a server that refuses to let one in for good ends it with the reason", limit, async (t) => {
  const server = new FakeServer();
  server.refused.set("join", new Refusal(403, "not today"));
  const { room } = prepare(t, server);
  await assert.rejects(room.join(), (error: JoinError) => error.reason === "forbidden");
});
