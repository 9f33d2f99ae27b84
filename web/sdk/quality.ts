// How well a connection carries voice, in four words, from what RTCStats report.

export type QualityLevel = "good" | "fair" | "poor" | "lost";

export interface Quality {
  level: QualityLevel;
  rttMs: number | undefined; // undefined: not measured yet
  lossPercent: number; // the worse of both directions
  jitterMs: number;
}

// What one look at the statistics says. Packet counts only grow.
export interface Sample {
  connected: boolean;
  rttMs: number | undefined;
  jitterMs: number;
  received: number; // packets
  lost: number; // packets that should have been received
  // As the server reports it of what we send, 0 to 1.
  sendLoss: number;
}

// Thresholds by what Opus bears with in-band FEC: a few per cent are repaired, a tenth is heard, and
// a conversation is harder from about 400 ms there and back (ITU-T G.114 gives 400 ms one way as the limit).
const fair = { lossPercent: 3, rttMs: 250, jitterMs: 40 };
const poor = { lossPercent: 10, rttMs: 500, jitterMs: 100 };
const enoughPackets = 10; // fewer say nothing about loss: a silent peer sends about 2 a second

export function judge(before: Sample | undefined, after: Sample): Quality {
  const lossPercent = 100 * Math.max(receiveLoss(before, after), after.sendLoss);
  const seen = { lossPercent, rttMs: after.rttMs ?? 0, jitterMs: after.jitterMs };
  const level: QualityLevel = !after.connected
    ? "lost"
    : reaches(seen, poor)
      ? "poor"
      : reaches(seen, fair)
        ? "fair"
        : "good";
  return { level, rttMs: after.rttMs, lossPercent, jitterMs: after.jitterMs };
}

function receiveLoss(before: Sample | undefined, after: Sample): number {
  const received = after.received - (before?.received ?? 0);
  // Loss falls when a packet that was given up arrives late after all.
  const lost = Math.max(0, after.lost - (before?.lost ?? 0));
  if (received < 0 || received + lost < enoughPackets) return 0;
  return lost / (received + lost);
}

function reaches(seen: typeof fair, bar: typeof fair): boolean {
  return (
    seen.lossPercent >= bar.lossPercent ||
    seen.rttMs >= bar.rttMs ||
    seen.jitterMs >= bar.jitterMs
  );
}
