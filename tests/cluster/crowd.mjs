// The people of a check: in each of some rooms a few, everyone with a tone that nobody else has.

import { witness } from "../e2e/support/scenario.mjs";
import { until } from "../e2e/support/until.mjs";
import { opusTone } from "../interop/datachannel_client.mjs";
import { Tones } from "./hearing.mjs";
import { Peer } from "./peer.mjs";

const lowestHz = 300;
const stepHz = 110;
const recentMs = 300;

// Lets `perRoom` people into each of `rooms`, by way of the example API; they speak when this
// returns.
export async function gather(t, { api, rooms, perRoom }) {
  const crowd = new Crowd();
  t.after(() => crowd.leave());
  witness(t, () => crowd.story());
  const tones = await tonesFor(rooms.length * perRoom);
  const known = new Tones();
  for (const { hz, packets } of tones) known.add(hz, packets);
  for (const room of rooms) {
    for (let i = 0; i < perRoom; i++) {
      const name = `${room}-${i + 1}`;
      crowd.add(await enter(api, { room, name, tone: tones.pop(), tones: known }));
    }
  }
  await Promise.all(crowd.peers.map((peer) => peer.join()));
  return crowd;
}

function tonesFor(count) {
  const tone = async (_, i) => {
    const hz = lowestHz + i * stepHz;
    return { hz, packets: await opusTone(hz, 50) };
  };
  return Promise.all(Array.from({ length: count }, tone));
}

async function enter(api, { room, name, tone, tones }) {
  const { status, body } = await api.ask("POST", `/rooms/${room}/join`, { name });
  if (status !== 200) throw new Error(`${name} is not let into ${room}: ${JSON.stringify(body)}`);
  const { url, token } = body;
  return Object.assign(new Peer({ name, url, token, tone, tones }), { room });
}

class Crowd {
  peers = [];

  add(peer) {
    this.peers.push(peer);
  }

  // Who should hear whom: [{ listener, talker }], in these rooms or in all.
  pairs(rooms) {
    return this.peers
      .filter(({ room }) => rooms === undefined || rooms.includes(room))
      .flatMap((listener) =>
        this.peers
          .filter((talker) => talker !== listener && talker.room === listener.room)
          .map((talker) => ({ listener, talker })),
      );
  }

  // Waits until everybody hears everybody of their room, and has done so for a moment.
  allHeard(options) {
    return until(
      "all hear all of their room",
      () => {
        const deaf = this.#deaf();
        if (deaf.length > 0) throw new Error(`${deaf[0].listener.name} not ${deaf[0].talker.name}`);
        return true;
      },
      options,
    );
  }

  #deaf() {
    const now = performance.now();
    return this.pairs().filter(
      ({ listener, talker }) => listener.hearing.longestGapMs(talker.hz, now - recentMs, now) > 150,
    );
  }

  // The longest silence of each pair within [from, to], in ms, the least first.
  silences(pairs, from, to) {
    return pairs
      .map(({ listener, talker }) => listener.hearing.longestGapMs(talker.hz, from, to))
      .map(Math.round)
      .sort((a, b) => a - b);
  }

  // Voices that were heard outside of their room: ["ada in standup-2", ...].
  strays() {
    return this.peers.flatMap(({ name, room, hearing }) => {
      const inside = this.peers.filter((peer) => peer.room === room && peer.name !== name);
      const allowed = new Set(inside.map(({ hz }) => hz));
      return hearing.tones.filter((hz) => !allowed.has(hz)).map((hz) => `${hz} Hz by ${name}`);
    });
  }

  story() {
    return this.peers.map(({ name, story }) => `== ${name}\n${story.join("\n")}`).join("\n");
  }

  leave() {
    for (const peer of this.peers) peer.leave();
  }
}
