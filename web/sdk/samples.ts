// Reads an RTCStatsReport for what quality.ts judges. https://www.w3.org/TR/webrtc-stats/

import type { Sample } from "./quality.js";

type Stat = Record<string, unknown> & { id: string; type: string };

export const nothing: Sample = {
  connected: false,
  rttMs: undefined,
  jitterMs: 0,
  received: 0,
  lost: 0,
  sendLoss: 0,
};

// The whole connection: both transports, every stream.
export function sampleOf(reports: Iterable<RTCStatsReport>, connected: boolean): Sample {
  const sample = { ...nothing, connected };
  for (const stat of all(reports)) {
    if (stat.type === "candidate-pair" && stat.nominated === true) {
      const rttMs = number(stat.currentRoundTripTime) * 1000;
      if (rttMs > 0) sample.rttMs = Math.max(sample.rttMs ?? 0, rttMs);
    }
    if (stat.type === "inbound-rtp") add(sample, stat);
    if (stat.type === "remote-inbound-rtp") {
      sample.sendLoss = Math.max(sample.sendLoss, number(stat.fractionLost));
    }
  }
  return sample;
}

// Each stream that is received, by its mid.
export function streamsOf(report: RTCStatsReport): Map<string, Sample> {
  const streams = new Map<string, Sample>();
  for (const stat of all([report])) {
    if (stat.type !== "inbound-rtp" || typeof stat.mid !== "string") continue;
    const sample = { ...nothing, connected: true };
    add(sample, stat);
    streams.set(stat.mid, sample);
  }
  return streams;
}

function add(sample: Sample, stat: Stat): void {
  sample.received += number(stat.packetsReceived);
  sample.lost += number(stat.packetsLost);
  sample.jitterMs = Math.max(sample.jitterMs, number(stat.jitter) * 1000);
}

function* all(reports: Iterable<RTCStatsReport>): Generator<Stat> {
  for (const report of reports) yield* (report as unknown as Map<string, Stat>).values();
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
