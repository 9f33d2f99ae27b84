// The loudest of a room, in a fixed number of streams, as a browser plays them.

import assert from "node:assert/strict";
import { shareChromium } from "./support/browsers.mjs";
import { join } from "./support/people.mjs";
import { scenario } from "./support/scenario.mjs";
import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

const openChromium = shareChromium();

const windowMs = 20;
const gapMost = 80; // ms without any tone when the speaker changes: the jitter buffer's, not ours
const clickMost = 1.5; // times the louder voice

const setGain = (person, gain) => person.page.evaluate((g) => window.voice.setGain(g), gain);
const windows = (person, from) =>
  person.page.evaluate((since) => window.voice.windows("slot", since), from);

scenario("the speaker changes in one stream without a gap and without a click", async (t) => {
  const server = await startServer(t);
  const chromium = await openChromium(t);
  const [ada, bob, carol] = [
    await join(t, chromium, server, "standup", "Ada", 400, { slots: "1" }),
    await join(t, chromium, server, "standup", "Bob", 700),
    await join(t, chromium, server, "standup", "Carol", 1000),
  ];
  await setGain(ada, 0);
  await setGain(carol, 0);
  await setGain(bob, 0.04);
  await ada.hears([bob]);
  // One ear for the stream itself, whoever is in it.
  await ada.page.evaluate(() => {
    const speaker = [...window.parley.peers.values()].find((peer) => peer.track !== undefined);
    return window.voice.listen("slot", speaker.track.clone());
  });
  const begin = await ada.now();
  const heard = async (hz) => {
    const latest = (await windows(ada, begin)).slice(-10);
    return latest.filter(([, tones]) => tones.join() === `${hz}`).length > 7;
  };
  await until("the stream carries Bob", () => heard(700));
  const since = await ada.now(); // what Carol said before she fell silent has been played
  await setGain(carol, 0.5); // Bob goes on, and is the quieter one now
  await until("the stream carries Carol", () => heard(1000));
  await until("Ada's page knows that it is Carol", () =>
    ada.page.evaluate(() => {
      const peers = [...window.parley.peers.values()];
      return peers.some((peer) => peer.displayName === "Carol" && peer.track !== undefined);
    }),
  );

  const log = await windows(ada, since);
  const first = log.findIndex(([, tones]) => tones.includes(1000));
  const last = log.findLastIndex(([, tones], i) => i < first && tones.includes(700));
  const gap = log[first][0] - log[last][0] - windowMs;
  const peaks = (entries) => Math.max(...entries.map(([, , peak]) => peak));
  const steady = peaks(log.slice(-5));
  const around = peaks(log.slice(Math.max(0, last - 10), first + 10));
  const share = (around / steady).toFixed(2);
  t.diagnostic(`gap ${gap.toFixed(0)} ms, peak ${share} of the louder voice's`);
  assert(gap <= gapMost, `a gap of ${gap} ms`);
  assert(around <= clickMost * steady, `a click of ${around}, beside ${steady}`);
  const consumers = await ada.page.evaluate(
    () => window.voice.messages.filter(({ method }) => method === "newConsumer").length,
  );
  assert.equal(consumers, 1);
});

scenario("of five people one hears the loudest three, and the last when one mutes", async (t) => {
  const server = await startServer(t);
  const chromium = await openChromium(t);
  const ada = await join(t, chromium, server, "standup", "Ada", 400);
  const bob = await join(t, chromium, server, "standup", "Bob", 700);
  const carol = await join(t, chromium, server, "standup", "Carol", 1000);
  const dave = await join(t, chromium, server, "standup", "Dave", 1300);
  const eve = await join(t, chromium, server, "standup", "Eve", 1700);
  await setGain(eve, 0.05);
  await ada.hears([bob, carol, dave]);
  await bob.hears([ada, carol, dave]);
  await carol.click("mute");
  await ada.hears([bob, dave, eve]);
  await bob.hears([ada, dave, eve]);
});

scenario("who is muted for oneself, on the tile, is heard by the others only", async (t) => {
  const server = await startServer(t);
  const chromium = await openChromium(t);
  const [ada, bob, carol] = await Promise.all([
    join(t, chromium, server, "standup", "Ada", 400),
    join(t, chromium, server, "standup", "Bob", 700),
    join(t, chromium, server, "standup", "Carol", 1000),
  ]);
  await ada.hears([bob, carol]);
  const press = (wish) =>
    ada.page.evaluate((what) => {
      const peers = [...window.parley.peers.values()];
      const peer = peers.find(({ displayName }) => displayName === "Bob");
      const button = document.querySelector(`[data-peer="${peer.id}"] [data-wish="${what}"]`);
      button.click();
      return button.getAttribute("aria-pressed");
    }, wish);
  assert.equal(await press("mute"), "true");
  await ada.hears([carol]);
  await carol.hears([ada, bob]);
  assert.equal(await press("mute"), "false");
  await ada.hears([bob, carol]);
});
