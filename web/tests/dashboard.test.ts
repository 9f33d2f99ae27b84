// What the dashboard decides: how answers add up, which servers are shown where, what is said.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Peer, Refused } from "../dashboard/api.js";
import { arrange, census, reached } from "../dashboard/arrangement.js";
import { axisEnd, spanOf, trace } from "../dashboard/charts.js";
import { drainQuestion, undrainQuestion } from "../dashboard/confirmation.js";
import { type Answer, Fleet, type Server, type Standing } from "../dashboard/fleet.js";
import { pathOfPeer, pathOfRoom } from "../dashboard/path.js";
import { intervalMs, Poller, retryMostMs } from "../dashboard/poller.js";
import { columns, heat, loadsOf } from "../dashboard/tile.js";
import {
  agoText,
  drainText,
  dueTexts,
  placeText,
  refusalText,
  standingCount,
  tileText,
  timeText,
} from "../dashboard/words.js";

const nothing: Answer = {
  since: "1.1",
  full: false,
  at: "2026-11-21T12:00:00.000000Z",
  replica: { active: true, connected: true, whole: true },
  scale: {
    wanted: 2,
    needed: 2,
    surplus: 0,
    present: 2,
    drained: 0,
    taking: 2,
    load: 1,
    expected: 1,
    capacity: 8,
    known: true,
  },
  rooms: 3,
  next: { policy: "spread", places: [], drain: [], homeless: 0, opening: 0, disputed: 0, waiting: 0 },
  came: [],
  now: [],
  gone: [],
  trends: [],
  happenings: [],
};

const two: Answer = {
  ...nothing,
  full: true,
  came: [
    [1, "a", "eu", "1.0", 4, 4],
    [2, "b", "us", "1.0", 4, 4],
  ],
  now: [
    [1, "eligible", 25, 30, 2, 7, "09z-", -1],
    [2, "draining", 50, 50, 1, 3, "", 60],
  ],
};

function fleetOf(...answers: Answer[]): Fleet {
  const fleet = new Fleet();
  for (const answer of answers) fleet.apply(answer);
  return fleet;
}

function server(id: string, more: Partial<Server> = {}): Server {
  const [found] = [...fleetOf(two).servers.values()];
  return { ...found!, id, ...more };
}

test("a first answer is the fleet, and the next ones change it", () => {
  const fleet = new Fleet();
  const first = fleet.apply(two);
  assert(first.all && first.members);
  assert.equal(fleet.find("a")?.people, 7);
  assert.deepEqual([fleet.people(), fleet.present()], [10, 2]);
  const then = fleet.apply({ ...nothing, now: [[1, "full", 99, 99, 2, 8, "zzzz", -1]] });
  assert.deepEqual([then.all, then.members, then.changed.length], [false, false, 1]);
  assert.equal(fleet.find("a")?.standing, "full");
  assert.equal(fleet.find("b")?.drainLeft, 60);
});

test("who is gone is gone, and what another process told is void", () => {
  const fleet = fleetOf(two, { ...nothing, gone: [1, 99] });
  assert.deepEqual([...fleet.servers.keys()], [2]);
  fleet.apply({ ...nothing, full: true, came: [[1, "c", "", "", 1, 1]] });
  assert.deepEqual([...fleet.servers.values()].map(({ id }) => id), ["c"]);
});

test("a server whose state comes without it, or before it, does no harm", () => {
  const fleet = fleetOf({ ...nothing, now: [[7, "full", 1, 1, 1, 1, "", -1]] });
  assert.equal(fleet.servers.size, 0);
  fleet.apply({ ...nothing, came: [[7, "late", "", "", 4, 2]] });
  assert.equal(fleet.find("late")?.standing, "unknown");
});

test("what can not be understood is asked for anew", () => {
  const fleet = fleetOf(two);
  assert.equal(fleet.since, "1.1");
  assert.throws(() => fleet.apply({ ...nothing, now: undefined } as unknown as Answer));
  assert.equal(fleet.since, "");
  assert.match(refusalText(-1, ""), /load it again/);
});

test("looks are an hour at most; what happens again moves up and is there once", () => {
  const fleet = new Fleet();
  for (let at = 0; at < 800; at++) {
    fleet.apply({ ...nothing, trends: [[at * 10, 1, 8, 1, 2, 3, 2, 2]] });
  }
  assert.equal(fleet.looks.length, 361);
  assert.equal(fleet.looksUntilNow().at(-1)?.at, Date.parse(nothing.at) / 1000);
  fleet.apply({
    ...nothing,
    happenings: [
      [1, 10, "info", "drains", "a", "", 1],
      [2, 20, "info", "takes rooms", "a", "", 1],
    ],
  });
  fleet.apply({ ...nothing, happenings: [[1, 30, "info", "drains", "a", "", 2]] });
  assert.deepEqual(fleet.happenings.map(({ number, times }) => [number, times]), [[1, 2], [2, 1]]);
});

test("free cores are those of others that take rooms", () => {
  const fleet = fleetOf(two);
  const [a, b] = [...fleet.servers.values()];
  assert.equal(fleet.freeCores(b!), 4 * 0.7);
  assert.equal(fleet.freeCores(a!), 0);
});

test("servers stand by region, and by name, load or what wants to be seen first", () => {
  const servers = [
    server("s10", { predicted: 10 }),
    server("s9", { predicted: 90 }),
    server("s2", { predicted: 50, standing: "lost" }),
    server("x1", { region: "ap" }),
  ];
  const ids = (order: "name" | "load" | "state", ...only: Standing[]) =>
    arrange(servers, order, new Set(only)).map(({ name, servers: all }) => [
      name,
      ...all.map(({ id }) => id),
    ]);
  assert.deepEqual(ids("name"), [["ap", "x1"], ["eu", "s2", "s9", "s10"]]);
  assert.deepEqual(ids("load")[1], ["eu", "s9", "s2", "s10"]);
  assert.deepEqual(ids("state")[1], ["eu", "s2", "s9", "s10"]);
  assert.deepEqual(ids("name", "lost"), [["eu", "s2"]]);
  assert.deepEqual(census(servers), [["eligible", 3], ["lost", 1]]);
});

test("arrows go where they point, over the ends of rows and the gaps between regions", () => {
  // a b c / d, then a region further down: e f
  const points = [
    { left: 0, top: 0 },
    { left: 10, top: 0 },
    { left: 20, top: 0 },
    { left: 0, top: 10 },
    { left: 0, top: 50 },
    { left: 10, top: 50 },
  ];
  const go = (key: string, at: number) => reached(key, at, points);
  assert.deepEqual([go("ArrowRight", 2), go("ArrowRight", 5), go("ArrowLeft", 0)], [3, 5, 0]);
  assert.deepEqual([go("ArrowDown", 2), go("ArrowDown", 3), go("ArrowDown", 5)], [3, 4, 5]);
  assert.deepEqual([go("ArrowUp", 5), go("ArrowUp", 3), go("ArrowUp", 1)], [3, 0, 1]);
  assert.deepEqual([go("Home", 4), go("End", 1), go("x", 1)], [0, 5, undefined]);
});

test("workers are columns as high as they are busy; one that does not run is a gap", () => {
  assert.deepEqual(loadsOf(server("a", { workers: "0z-" })), [0, 1, undefined]);
  assert.deepEqual(loadsOf(server("a", { workers: "", used: 130 })), [1]);
  assert.equal(columns([0.5]), "M0.0 100V50h100.0V100z");
  assert.equal(columns([1, undefined]).match(/M/g)?.length, 1);
  assert.deepEqual([0, 69, 70, 89, 90].map(heat), ["calm", "calm", "warm", "warm", "hot"]);
});

test("a chart ends at a round number, and has no line where nobody looked", () => {
  assert.deepEqual([0, 0.7, 1, 14, 23, 950, 1000].map(axisEnd), [1, 0.8, 1, 15, 30, 1000, 1000]);
  const points: Array<[number, number]> = [
    [100, 5],
    [110, 10],
    [300, 2],
    [310, 40],
  ];
  assert.equal(trace(points, 310, 3600, 10, false), "M3390 50.0h1L3400 0.0M3590 80.0h1L3600 0.0");
  assert.match(trace(points, 310, 3600, 10, true), /^M3390 .*L3400 100L3390 100zM3590 .*L3590 100z$/);
  assert.equal(trace(points, 310, 20, 10, false), "M1800 80.0h1L3600 0.0");
  const look = (at: number) => ({ ...fleetOf(two).looksUntilNow()[0]!, at });
  assert.deepEqual([[], [look(5)], [look(0), look(900)], [look(0), look(9_999)]].map(spanOf), [120, 120, 900, 3600]);
  assert.equal(trace(points, 100_000, 3600, 10, true), "");
});

test("a question says what a drain does, and warns when there is no place for it", () => {
  const question = drainQuestion(server("a"), 10);
  assert.equal(question.title, "Drain a?");
  assert.match(question.text, /2 rooms with 7 people are opened on other servers/);
  assert.equal(question.warning, "");
  assert.match(drainQuestion(server("a"), 0.4).warning, /0.4 cores left, and this one uses 1.2/);
  const empty = drainQuestion(server("a", { rooms: 0, people: 0 }), 0);
  assert.deepEqual([empty.text, empty.warning], ["It gets no new rooms, and has none now.", ""]);
  assert.equal(undrainQuestion(server("a")).action, "Undrain");
});

const ada: Peer = {
  room: "hall",
  peer: "ada-1",
  name: "Ada",
  server: "a",
  worker: 3,
  joined: true,
  connected: true,
  since: "",
};

test("the way of a voice goes to the home's worker, to a lent one, or nowhere", () => {
  const names = (peer: Peer) => pathOfPeer(peer).map(({ name }) => name);
  assert.deepEqual(names(ada), ["Ada", "hall", "a", "worker 3"]);
  const { worker, ...unplaced } = ada;
  assert.equal(worker, 3);
  assert.deepEqual(names({ ...unplaced, lender: "b" }), ["Ada", "hall", "a", "b"]);
  assert.deepEqual(names({ ...unplaced, name: "" }), ["ada-1", "hall", "a", "no worker"]);
  const why = { room: "hall", home: "a", standing: "eligible", homeless: false, reasons: "" };
  const peers = [ada, { ...ada, worker: 1 }, { ...unplaced, lender: "b" }, ada];
  assert.deepEqual(
    pathOfRoom(why, peers).map(({ name, more }) => [name, more]),
    [
      ["hall", ""],
      ["a", "home, takes rooms"],
      ["worker 1", "carries 1 person"],
      ["worker 3", "carries 2 people"],
      ["b", "lends a worker, which carries 1 person"],
    ],
  );
  assert.equal(pathOfRoom({ ...why, homeless: true }, [])[1]?.more, "was its home");
});

test("tiles and states are said in words", () => {
  const text = tileText(server("a", { workers: "0z--" }));
  assert.equal(text, "a, takes rooms, 25 % used, 2 rooms, 7 people, 2 workers not running");
  assert.match(tileText(server("a", { standing: "lost" })), /^a, lost, 2 rooms/);
  assert.equal(standingCount("eligible", 1), "1 takes rooms");
  assert.equal(standingCount("eligible", 1000), "1,000 take rooms");
  assert.equal(drainText(server("a", { standing: "drained" })), "It is drained: it may be stopped.");
  assert.match(drainText(server("a", { drainLeft: 600 })), /2 rooms with 7 people move within 10 min/);
  assert.match(drainText(server("a")), /stay until they end/);
  assert.deepEqual([3, 60, 600, 7800].map(timeText), ["3 s", "60 s", "10 min", "2 h 10 min"]);
  assert.deepEqual([1, -5, 40].map(agoText), ["just now", "just now", "40 s ago"]);
});

test("what comes next is said as it is", () => {
  const place = {
    region: "eu",
    eligible: 3,
    elsewhere: false,
    overloaded: false,
    overBound: false,
    likely: [["a", 10, 50]] as Array<[string, number, number]>,
  };
  assert.equal(placeText(place, "spread"), "To the lighter of two drawn from 3 servers.");
  assert.match(placeText({ ...place, overBound: true }, "pack"), /bound: none is left under the bound/);
  assert.match(placeText({ ...place, likely: [] }, "spread"), /refused/);
  assert.match(placeText({ ...place, elsewhere: true }, "spread"), /no server of the region/);
  assert.deepEqual(dueTexts(nothing.next), []);
  const due = dueTexts({ ...nothing.next, homeless: 1, drain: ["a", "b"] });
  assert.match(due[0]!, /^1 room has lost the home/);
  assert.match(due[1]!, /a, b may be drained/);
  assert.match(refusalText(0, "x"), /does not answer/);
  assert.equal(refusalText(404, "no such server"), "It refused: no such server.");
});

test("it asks each second, seldom while nobody answers, and not at all when stopped", async () => {
  const waits: number[] = [];
  let next = () => {};
  let fails = false;
  const told: Array<number | undefined> = [];
  const poller = new Poller(
    async () => {
      if (fails) throw new Refused(0, "away");
      return 3;
    },
    (trouble) => told.push(trouble?.status),
    { set: (run, ms) => void (waits.push(ms), (next = run)), clear: () => (next = () => {}) },
  );
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  poller.start();
  await settle();
  fails = true;
  for (let i = 0; i < 6; i++) {
    next();
    await settle();
  }
  assert.deepEqual(waits, [1000, 1000, 2000, 4000, 8000, retryMostMs, retryMostMs]);
  fails = false;
  next();
  await settle();
  assert.equal(told.at(-1), undefined);
  assert.equal(told.length, 7);
  poller.stop();
  const asked = waits.length;
  next();
  await settle();
  assert.equal(waits.length, asked);
  assert.deepEqual([10, 200, 201].map(intervalMs), [1000, 1000, 3000]);
});
