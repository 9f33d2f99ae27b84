// script/cluster --check: faults in turn while people talk, and what of them was heard.

import { until } from "../e2e/support/until.mjs";
import { faults } from "./faults.mjs";
import { gather } from "./crowd.mjs";
import { LARGE, largeOptions } from "./small.mjs";

const SMALL = ["talk-1", "talk-2", "talk-3"];
const TALKING = [...SMALL, LARGE];
const PER_ROOM = 3;
const IN_LARGE = 3; // to begin with
const MORE = 15; // who may come into it
const QUIET = 20; // rooms with nobody in them
const AFTERMATH_MS = 3_000; // for what comes of a fault when all seems to be over
const again = { ms: 30_000 };

// Makes rooms in the cluster, lets people into some of them, and does to it what `names` of faults
// say. Tells each { fault, silence_ms_p50, silence_ms_max, rooms_lost, rooms_doubled, ok } to
// `report`, and what else there is to say to `say`. Returns whether all were ok.
export async function check(t, cluster, { names = Object.keys(faults), report, say }) {
  const quiet = Array.from({ length: QUIET }, (_, i) => `quiet-${i + 1}`);
  cluster.rooms = [...TALKING, ...quiet];
  say(`${cluster.rooms.length} rooms are made over AMQP`);
  const options = { [LARGE]: largeOptions };
  await Promise.all(cluster.rooms.map((room) => cluster.createRoom(room, options[room])));
  const people = { rooms: SMALL, perRoom: PER_ROOM, more: IN_LARGE + MORE };
  const crowd = await gather(t, { api: cluster.api, ...people });
  for (let i = 0; i < IN_LARGE; i++) await crowd.enter(LARGE);
  await crowd.allHeard(again);
  say(`${crowd.peers.length} people talk in ${TALKING.length} of them`);
  let ok = true;
  for (const name of names) {
    const result = await suffer(cluster, crowd, name, say);
    report(result);
    ok &&= result.ok;
  }
  return ok;
}

async function suffer(cluster, crowd, name, say) {
  const { most, touches, pick, strike, mend } = faults[name];
  const victim = await pick(cluster, TALKING);
  const touched = touches ? await touches(cluster, TALKING, victim) : TALKING;
  say(`${name}: ${touched.join(", ")} must not be silent for more than ${most} ms`);
  const pairs = crowd.pairs(touched); // not of those who come meanwhile
  const from = performance.now();
  const storm = `storm-${name}`; // a room that is asked for meanwhile
  const made = cluster.createRoom(storm);
  await Promise.all([strike(cluster, victim, crowd), made]);
  cluster.rooms.push(storm);
  await new Promise((resolve) => setTimeout(resolve, AFTERMATH_MS));
  const heard = await settled(() => crowd.allHeard(again), say);
  const clean = await settled(() => cluster.settles(cluster.rooms, again), say);
  const to = performance.now();
  const { lost, doubled } = await cluster.census(cluster.rooms);
  const silences = crowd.silences(pairs, from, to);
  const others = TALKING.filter((room) => !touched.includes(room));
  const elsewhere = Math.max(0, ...crowd.silences(crowd.pairs(others), from, to));
  const strays = crowd.strays();
  if (strays.length > 0) say(`voices out of their rooms: ${strays.join("; ")}`);
  if (elsewhere > 0) say(`${name}: in the other rooms at most ${elsewhere} ms`);
  await mend?.(cluster, victim);
  await cluster.whole();
  return {
    fault: name,
    silence_ms_p50: silences[Math.floor(silences.length / 2)],
    silence_ms_max: silences.at(-1),
    rooms_lost: lost.length,
    rooms_doubled: doubled.length,
    ok:
      heard &&
      clean &&
      strays.length === 0 &&
      silences.at(-1) <= most &&
      elsewhere <= faults["kill-controller"].most,
  };
}

// Whether what is waited for came about.
async function settled(wait, say) {
  try {
    await wait();
    return true;
  } catch (error) {
    say(error.message);
    return false;
  }
}
