// What a page shows: levels, quality, who is here.
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { isId, randomId, signallingUrl } from "../sdk/address.js";
import { Gauge } from "../sdk/gauge.js";
import { levelOf, Levels } from "../sdk/levels.js";
import { judge, type Sample } from "../sdk/quality.js";
import { Roster, type Change } from "../sdk/roster.js";
import { nothing } from "../sdk/samples.js";

// As every browser has it, and Node.js from 20 on.
globalThis.crypto ??= webcrypto as Crypto;

test("levels run from silence to loud", () => {
  assert.equal(levelOf(-127), 0);
  assert.equal(levelOf(0), 1);
  assert(levelOf(-40) < levelOf(-20));
});

test("whoever is not among the reported has fallen silent", () => {
  const levels = new Levels();
  assert.equal(levels.onLevels(0, [{ peerId: "ada", dbov: -20 }]), true);
  assert(levels.of("ada") > 0.5);
  levels.onLevels(200, [{ peerId: "bob", dbov: -20 }]);
  assert.equal(levels.of("ada"), 0);
  assert.equal(levels.onLevels(400, []), true);
  assert.equal(levels.onLevels(600, []), false);
});

test("levels fall when the server stops reporting without a word", () => {
  const levels = new Levels();
  levels.onLevels(0, [{ peerId: "ada", dbov: -20 }]);
  assert.equal(levels.onDeadline(Levels.staleMs - 1), false);
  assert.equal(levels.onDeadline(levels.nextDeadline()), true);
  assert.equal(levels.of("ada"), 0);
  assert.equal(levels.nextDeadline(), Infinity);
});

const well: Sample = { ...nothing, connected: true, rttMs: 20, received: 1_000 };

test("quality in words: round trip, loss either way, jitter", () => {
  const after = (fields: Partial<Sample>) =>
    judge(well, { ...well, received: 1_100, ...fields }).level;
  assert.equal(after({}), "good");
  assert.equal(after({ rttMs: 300 }), "fair");
  assert.equal(after({ rttMs: 600 }), "poor");
  assert.equal(after({ jitterMs: 50 }), "fair");
  assert.equal(after({ lost: 5 }), "fair");
  assert.equal(after({ lost: 15 }), "poor");
  assert.equal(after({ sendLoss: 0.12 }), "poor");
  assert.equal(after({ connected: false }), "lost");
});

test("loss is that of the last moments, not of the whole call, and a few packets say nothing", () => {
  const before = { ...well, lost: 900 };
  assert.equal(judge(before, { ...before, received: 1_100 }).lossPercent, 0);
  assert.equal(judge(before, { ...before, received: 1_100, lost: 880 }).lossPercent, 0);
  assert.equal(judge(before, { ...before, received: 1_004, lost: 904 }).lossPercent, 0);
  const started = judge(undefined, { ...well, received: 90, lost: 10 });
  assert.equal(started.lossPercent, 10);
});

function report(...stats: Array<Record<string, unknown>>): RTCStatsReport {
  const entries = stats.map((stat, i) => [String(i), { id: String(i), ...stat }] as const);
  return new Map(entries) as unknown as RTCStatsReport;
}

test("a peer whose voice stops without being paused is lost, and found again", () => {
  const gauge = new Gauge();
  const look = (received: number, paused = false) =>
    gauge
      .onLook({
        send: undefined,
        receive: report({ type: "inbound-rtp", mid: "0", packetsReceived: received }),
        connected: true,
        speakerOf: () => (paused ? undefined : "bob"),
      })
      .find(({ peerId }) => peerId === "bob")?.quality.level;
  assert.equal(look(100), "good");
  assert.equal(look(200), "good");
  assert.equal(look(200), "good");
  assert.equal(look(200), "lost");
  assert.equal(look(300), "good");
  assert.equal(look(300, true), undefined);
});

test("one's own connection is as good as the worse of both directions", () => {
  const gauge = new Gauge();
  const [own] = gauge.onLook({
    send: report(
      { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.03 },
      { type: "remote-inbound-rtp", fractionLost: 0.05 },
    ),
    receive: report({ type: "candidate-pair", nominated: true, currentRoundTripTime: 0.3 }),
    connected: true,
    speakerOf: () => undefined,
  });
  assert.deepEqual(own, {
    peerId: undefined,
    quality: { level: "fair", rttMs: 300, lossPercent: 5, jitterMs: 0 },
  });
});

const brief = (changes: Change[]) => changes.map(({ type, person }) => `${type} ${person.id}`);

test("after joining anew only what is different is told", () => {
  const roster = new Roster();
  roster.onAll([{ id: "ada", displayName: "Ada" }, { id: "bob", displayName: "Bob" }]);
  const changes = roster.onAll([
    { id: "bob", displayName: "Bobby" },
    { id: "eve", displayName: "Eve" },
    { nonsense: true },
    null,
  ]);
  assert.deepEqual(brief(changes), ["left ada", "changed bob", "joined eve"]);
  assert.deepEqual(brief(roster.onAll("nobody")), ["left bob", "left eve"]);
});

test("news of strangers changes nothing", () => {
  const roster = new Roster();
  assert.deepEqual(roster.onClosed("ghost"), []);
  assert.deepEqual(roster.onRenamed("ghost", "Boo"), []);
});

test("the server's address may be a page's, and keeps its own parameters", () => {
  const url = (server: string) => signallingUrl(server, "https://talk.example/room?x=1#y", { a: "1 2" });
  assert.equal(url("/"), "wss://talk.example/?a=1+2");
  assert.equal(url("http://127.0.0.1:4000"), "ws://127.0.0.1:4000/?a=1+2");
  assert.equal(url("wss://other.example/voice?k=v"), "wss://other.example/voice?k=v&a=1+2");
  assert.throws(() => url("ftp://other.example/"), TypeError);
});

test("ids are those that the server takes", () => {
  assert(isId("a") && isId("Room_1.x:y-z") && isId("x".repeat(64)));
  for (const id of ["", "x".repeat(65), "a b", "ä", "a/b"]) assert(!isId(id), id);
  for (let i = 0; i < 100; i++) assert(isId(randomId()));
});
