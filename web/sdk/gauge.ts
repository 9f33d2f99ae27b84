// Watches the connection's statistics and says how well it carries voice.

import { judge, type Quality, type Sample } from "./quality.js";
import { nothing, sampleOf, streamsOf } from "./samples.js";

export interface Reading {
  peerId: string | undefined; // undefined: this client's own connection
  quality: Quality;
}

export interface Look {
  send: RTCStatsReport | undefined;
  receive: RTCStatsReport | undefined;
  connected: boolean;
  // Whose stream has this mid; undefined when it is paused or nobody's.
  speakerOf(mid: string): string | undefined;
}

interface Stream {
  sample: Sample;
  idle: number; // looks in a row in which nothing arrived
}

const idleLooksMax = 2;

export class Gauge {
  #own: Sample | undefined;
  #streams = new Map<string, Stream>();

  onLook(look: Look): Reading[] {
    const reports = [look.send, look.receive].filter((report) => report !== undefined);
    const own = sampleOf(reports, look.connected);
    const readings: Reading[] = [{ peerId: undefined, quality: judge(this.#own, own) }];
    this.#own = own;
    const before = this.#streams;
    this.#streams = new Map();
    for (const [mid, sample] of look.receive ? streamsOf(look.receive) : []) {
      const peerId = look.speakerOf(mid);
      if (peerId === undefined) continue;
      const quality = this.#judgeStream(mid, before.get(mid), sample);
      readings.push({ peerId, quality: { ...quality, rttMs: own.rttMs } });
    }
    return readings;
  }

  // A voice that is not paused sends a packet now and then even in silence: nothing at all means
  // that its speaker's connection is gone.
  #judgeStream(mid: string, before: Stream | undefined, sample: Sample): Quality {
    const still = before !== undefined && before.sample.received === sample.received;
    const idle = still ? before.idle + 1 : 0;
    this.#streams.set(mid, { sample, idle });
    return judge(before?.sample ?? nothing, { ...sample, connected: idle < idleLooksMax });
  }
}
