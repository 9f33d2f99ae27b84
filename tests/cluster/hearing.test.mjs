// The ears that all silences are measured with.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Hearing, Tones } from "./hearing.mjs";

test("a packet says whose tone it is, and one that nobody says is nobody's", () => {
  const tones = new Tones();
  tones.add(400, [Buffer.from([1, 2]), Buffer.from([1, 3])]);
  tones.add(700, [Buffer.from([1, 200])]);
  assert.equal(tones.of(Buffer.from([1, 3])), 400);
  assert.equal(tones.of(Buffer.from([1, 200])), 700);
  assert.equal(tones.of(Buffer.from([1])), undefined);
});

test("a silence is the longest time without a packet, up to either end", () => {
  const hearing = new Hearing();
  for (const time of [100, 120, 140, 600, 620]) hearing.onPacket(time, 400);
  hearing.onPacket(300, 700);
  assert.equal(hearing.longestGapMs(400, 100, 620), 460);
  assert.equal(hearing.longestGapMs(400, 600, 630), 20);
  assert.equal(hearing.longestGapMs(400, 610, 1_000), 380, "it fell silent");
  assert.equal(hearing.longestGapMs(400, 200, 610), 400, "it began late");
  assert.equal(hearing.longestGapMs(1_000, 0, 500), 500, "it was never heard");
  assert.deepEqual(hearing.tones, [400, 700]);
});
