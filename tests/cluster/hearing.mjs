// What one person hears, packet by packet: which tone, and when.

// Whose Opus packets are whose. A server forwards them untouched, so a packet says by itself which
// tone is in it, and nothing has to be decoded.
export class Tones {
  #hzByPacket = new Map();

  // `packets`: Opus packets of that tone.
  add(hz, packets) {
    for (const packet of packets) this.#hzByPacket.set(packet.toString("latin1"), hz);
  }

  // undefined: nobody's.
  of(packet) {
    return this.#hzByPacket.get(packet.toString("latin1"));
  }
}

export class Hearing {
  #times = new Map(); // Hz -> times of arrival in ms, as they grow

  onPacket(now, hz) {
    const times = this.#times.get(hz);
    if (times) times.push(now);
    else this.#times.set(hz, [now]);
  }

  // All tones that were ever heard; undefined among them: one that nobody has.
  get tones() {
    return [...this.#times.keys()];
  }

  // The longest time within [from, to] in which a tone was not heard, in ms.
  longestGapMs(hz, from, to) {
    let longest = 0;
    let last = from;
    for (const time of this.#times.get(hz) ?? []) {
      if (time < from || time > to) continue;
      longest = Math.max(longest, time - last);
      last = time;
    }
    return Math.max(longest, to - last);
  }
}
