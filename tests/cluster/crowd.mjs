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
// returns. There are voices for `more`.
export async function gather(t, { api, rooms, perRoom, more = 0 }) {
  const tones = await tonesFor(rooms.length * perRoom + more);
  const crowd = new Crowd(api, tones);
  t.after(() => crowd.leave());
  witness(t, () => crowd.story());
  const people = rooms.flatMap((room) => Array.from({ length: perRoom }, () => room));
  await Promise.all(people.map((room) => crowd.enter(room)));
  return crowd;
}

function tonesFor(count) {
  const tone = async (_, i) => {
    const hz = lowestHz + i * stepHz;
    return { hz, packets: await opusTone(hz, 50) };
  };
  return Promise.all(Array.from({ length: count }, tone));
}

class Crowd {
  #api;
  #voices;
  #tones = new Tones();
  peers = [];

  // `api`: the example API; `voices`: [{ hz, packets }], one for each who will ever come.
  constructor(api, voices) {
    this.#api = api;
    this.#voices = [...voices];
    for (const { hz, packets } of voices) this.#tones.add(hz, packets);
  }

  // One more in a room; speaks when this returns.
  async enter(room) {
    const tone = this.#voices.pop();
    const name = `${room}-${tone.hz}`;
    const { status, body } = await this.#api.ask("POST", `/rooms/${room}/join`, { name });
    if (status !== 200) throw new Error(`${name} is not let into ${room}: ${JSON.stringify(body)}`);
    const peer = new Peer({ name, ...body, tone, tones: this.#tones });
    this.peers.push(Object.assign(peer, { room }));
    await peer.join();
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
