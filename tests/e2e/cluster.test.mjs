// A whole cluster with people in its rooms, and what they hear of what breaks in it.

import assert from "node:assert/strict";
import { startCluster } from "../cluster/cluster.mjs";
import { LARGE, flags, largeOptions } from "../cluster/small.mjs";
import { startChromium, startFirefox } from "./support/browsers.mjs";
import { join } from "./support/people.mjs";
import { scenario } from "./support/scenario.mjs";
import { until } from "./support/until.mjs";

const noGapMs = 200;
const patience = { ms: 60_000 };

// Lets somebody into a room by way of the example API, through whatever has a `url`.
async function enter(t, cluster, browser, through, room, name, hz) {
  const { status, body } = await cluster.api.ask("POST", `/rooms/${room}/join`, { name });
  assert.equal(status, 200, JSON.stringify(body));
  return join(t, browser, through, room, name, hz, { token: body.token });
}

const clocks = (people) => Promise.all(people.map((person) => person.now()));

// The longest times for which each of two people did not hear the other, since their now()s.
function gaps([ada, bob], [adaFrom, bobFrom]) {
  return Promise.all([ada.longestGap(bob, adaFrom), bob.longestGap(ada, bobFrom)]);
}

const hearAll = (people) =>
  Promise.all(people.map((person) => person.hears(people.filter((other) => other !== person))));

// People come into a room until it goes on at a second server; everyone hears everyone all along.
async function overflow(t, cluster, chromium) {
  await cluster.createRoom(LARGE, largeOptions);
  const home = await cluster.homeOf(LARGE);
  const tones = { Ada: 400, Bob: 700, Carol: 1000, Dan: 1300, Eve: 1700 };
  const people = [];
  let lenders = [];
  for (const [name, hz] of Object.entries(tones)) {
    people.push(await enter(t, cluster, chromium, cluster, LARGE, name, hz));
    await hearAll(people);
    ({ overflow: lenders } = (await home.api("GET", `/v1/rooms/${LARGE}`)).body);
    if (lenders.length > 0) break;
  }
  assert(lenders.length > 0, `${people.length} people fit one small server`);
  assert(!lenders.includes(home.id));
  await Promise.all(people.map((person) => person.leave()));
  return people.length;
}

// One name follows a room from the request to the app's API to its worker, and says on any server
// why it is where it is.
async function followTrace(cluster) {
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01` };
  const { status } = await cluster.api.ask("POST", "/rooms/traced/join", { name: "Ada" }, headers);
  assert.equal(status, 200);
  const home = await cluster.homeOf("traced");
  const other = cluster.servers.find((server) => server !== home);
  const lines = async (program, text) =>
    (await program.logs()).split("\n").filter((l) => l.includes(text) && l.includes(trace));
  assert.equal((await lines(await cluster.activeService(), "home chosen")).length, 1);
  const opened = await lines(home, "room opened");
  assert.equal(opened.length, 1);
  assert(opened[0].includes(`server=${home.id}`), opened[0]);
  assert.equal((await lines(home, "info    router ")).length, 1);
  const why = await other.parleyctl("why", "traced");
  const parts = [`home: ${home.id}`, `trace of the decision: ${trace}`, "worker 0, 0 peers: "];
  for (const part of parts) {
    assert(why.includes(part), why);
  }
  const dump = JSON.parse(await home.parleyctl("dump", "traced"));
  assert.equal(dump.trace, trace);
  const elsewhere = new RegExp(`no such room here: it is at server ${home.id}`);
  await assert.rejects(other.parleyctl("dump", "traced"), elsewhere);
}

// The router-service and RabbitMQ are killed; whoever talks in `room` hears nothing of it, though
// two of the three came by servers that are not its home.
async function killTheRest(t, cluster, chromium, room) {
  const home = await cluster.homeOf(room);
  const [one, other] = cluster.servers.filter((server) => server !== home);
  const firefox = await startFirefox(t, { hz: 1300 });
  const people = await Promise.all([
    enter(t, cluster, chromium, one, room, "Ada", 400),
    enter(t, cluster, chromium, other, room, "Bob", 700),
    enter(t, cluster, firefox, cluster, room, "Carol", 1300),
  ]);
  const [ada, bob, carol] = people;
  await hearAll(people);
  const { body } = await home.api("GET", `/v1/rooms/${room}`);
  assert.equal(body.peerCount, 3);
  const from = await clocks([ada, bob]);

  const service = await cluster.activeService();
  await service.kill();
  await cluster.createRoom("while-the-standby-takes-over");
  await service.start();

  await cluster.broker.kill();
  const missed = async () => (await home.api("GET", "/readyz")).status === 503;
  await until("the home misses the broker", missed, patience);
  await hearAll(people);
  await cluster.broker.start();
  await cluster.whole();
  await cluster.createRoom("after-the-broker");
  assert.equal(await cluster.homeOf(room), home);
  const heard = await gaps([ada, bob], from);
  assert(Math.max(...heard) < noGapMs, `gaps of ${heard.join(" and ")} ms`);
  assert.deepEqual(await carol.events("peerLeft"), []);
  await cluster.settles([room, "while-the-standby-takes-over", "after-the-broker"], patience);
  await Promise.all(people.map((person) => person.leave()));
}

// The room's home is cut from RabbitMQ until the room has another one; and that one is killed.
// Gives the silences that each made, in ms.
async function loseHomes(t, cluster, chromium, room) {
  const [ada, bob] = await Promise.all([
    enter(t, cluster, chromium, cluster, room, "Ada", 400),
    enter(t, cluster, chromium, cluster, room, "Bob", 700),
  ]);
  const bothHear = () => Promise.all([ada.hears([bob]), bob.hears([ada])]);
  await bothHear();

  const first = await cluster.homeOf(room);
  let from = await clocks([ada, bob]);
  first.cable.silence();
  const moved = async () => (await cluster.homeOf(room)) !== first;
  await until("the room has another home", moved, patience);
  const apart = await gaps([ada, bob], from);
  await first.cable.cut();
  await first.cable.open();
  await cluster.settles([room], patience);
  await bothHear();
  await cluster.whole();

  const second = await cluster.homeOf(room);
  from = await clocks([ada, bob]);
  await second.crash();
  await Promise.all([ada.state("reconnecting"), bob.state("reconnecting")]);
  await bothHear();
  const lost = await gaps([ada, bob], from);
  await cluster.settles([room], patience);
  await second.start();
  await cluster.whole();
  return { apart, lost };
}

scenario("calls go on: beyond a server, without router-service, broker and home", async (t) => {
  const cluster = await startCluster(t, { flags });
  const chromium = await startChromium(t);
  const people = await overflow(t, cluster, chromium);
  t.diagnostic(`a room went on at another server with ${people} people`);
  await followTrace(cluster);
  await Promise.all(["standup", "retro", "lunch"].map((room) => cluster.createRoom(room)));
  await killTheRest(t, cluster, chromium, "standup");
  const { apart, lost } = await loseHomes(t, cluster, chromium, "retro");
  assert(Math.max(...apart) < noGapMs, `gaps of ${apart.join(" and ")} ms without the broker`);
  assert(Math.max(...lost) < 5_000, `silences of ${lost.join(" and ")} ms after the home`);
  await cluster.settles(["standup", "retro", "lunch"], patience);
});
