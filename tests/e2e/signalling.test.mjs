// Signalling that breaks while people talk.

import assert from "node:assert/strict";
import { shareChromium } from "./support/browsers.mjs";
import { startFlakyLink } from "./support/flaky_link.mjs";
import { join } from "./support/people.mjs";
import { scenario } from "./support/scenario.mjs";
import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

const openChromium = shareChromium();

// What a jitter buffer at work may cost; a voice that stopped costs more.
const noGapMs = 120;

// The numbers of all messages that the page's sessions got, in the order in which they came.
const numbers = (person) =>
  person.page.evaluate(() =>
    voice.messages.map(({ seq }) => seq).filter((seq) => seq !== undefined),
  );
const sessions = (person) =>
  person.page.evaluate(() =>
    voice.messages.filter(({ method }) => method === "session").map(({ data }) => data),
  );

scenario(
  "a dropped connection is resumed without a gap in the sound; no message is lost or comes twice",
  async (t) => {
    const server = await startServer(t, { args: ["--session-grace", "60s"] });
    const link = await startFlakyLink(t, server);
    const chromium = await openChromium(t);
    const ada = await join(t, chromium, link, "standup", "Ada", 400);
    const bob = await join(t, chromium, server, "standup", "Bob", 700);
    await Promise.all([ada.hears([bob]), bob.hears([ada])]);
    const [adaFrom, bobFrom] = [await ada.now(), await bob.now()];

    await link.cut();
    await ada.state("reconnecting");
    const renamed = ada.page.evaluate(() => parley.setDisplayName("Ada L."));
    const carol = await join(t, chromium, server, "standup", "Carol", 1000);
    await carol.hears([ada, bob]);
    await bob.page.evaluate(() => parley.setDisplayName("Bobby"));
    await carol.click("leave");
    await join(t, chromium, server, "standup", "Dave", 1300);
    assert.deepEqual(await bob.events("peerLeft"), ["peerLeft Carol"], "Ada kept her place");

    await link.open();
    await ada.state("connected");
    await renamed;
    await ada.tells(
      ["peerJoined", "peerLeft"],
      ["peerJoined Bob", "peerJoined Carol", "peerLeft Carol", "peerJoined Dave"],
    );
    await until("Ada hears Bob and Dave", async () => {
      const heard = await ada.page.evaluate(() => voice.recent(400));
      return heard.Bob?.[700] > 0.85 && heard.Dave?.[1300] > 0.85;
    });
    const seen = (await ada.events("peerChanged")).filter((event) => event.includes("Bobby"));
    assert.equal(seen.length, 1, "Bob's new name was told once");
    const adaId = await ada.page.evaluate(() => parley.peerId);
    const renames = (await bob.page.evaluate(() => voice.messages)).filter(
      ({ method, data }) => method === "peerDisplayNameChanged" && data.peerId === adaId,
    );
    assert.deepEqual(
      renames.map(({ data }) => data.displayName),
      ["Ada L."],
      "Ada's request was carried out once",
    );

    const seqs = await numbers(ada);
    assert.deepEqual(
      seqs,
      seqs.map((_, i) => i + 1),
      "every number came, once and in order",
    );
    assert.deepEqual(
      (await sessions(ada)).map(({ resumed }) => resumed),
      [false, true],
    );
    const gaps = [await ada.longestGap(bob, adaFrom), await bob.longestGap(ada, bobFrom)];
    assert(Math.max(...gaps) < noGapMs, `gaps of ${gaps.join(" and ")} ms`);
  },
);

scenario("a connection that dies without a word is noticed and resumed", async (t) => {
  const server = await startServer(t, { args: ["--session-grace", "60s"] });
  const link = await startFlakyLink(t, server);
  const chromium = await openChromium(t);
  const ada = await join(t, chromium, link, "standup", "Ada", 400);
  const bob = await join(t, chromium, server, "standup", "Bob", 700);
  await Promise.all([ada.hears([bob]), bob.hears([ada])]);
  const [adaFrom, bobFrom] = [await ada.now(), await bob.now()];

  link.freeze();
  await bob.page.evaluate(() => parley.setDisplayName("Bobby"));
  await until("Ada resumed", async () => (await sessions(ada)).some(({ resumed }) => resumed), {
    ms: 40_000,
  });
  await until("Ada heard of it", async () =>
    (await ada.events("peerChanged")).some((event) => event.includes("Bobby")),
  );
  const gaps = [await ada.longestGap(bob, adaFrom), await bob.longestGap(ada, bobFrom)];
  assert(Math.max(...gaps) < noGapMs, `gaps of ${gaps.join(" and ")} ms`);
});

scenario(
  "who stays away for longer than the grace time has left, and comes back by itself",
  async (t) => {
    const server = await startServer(t, { args: ["--session-grace", "1s"] });
    const link = await startFlakyLink(t, server);
    const chromium = await openChromium(t);
    const ada = await join(t, chromium, link, "standup", "Ada", 400);
    const bob = await join(t, chromium, server, "standup", "Bob", 700);
    await Promise.all([ada.hears([bob]), bob.hears([ada])]);

    await link.cut();
    await bob.tells(["peerLeft"], ["peerLeft Ada"]);
    await link.open();
    await bob.tells(["peerJoined"], ["peerJoined Ada", "peerJoined Ada"]);
    await Promise.all([ada.hears([bob]), bob.hears([ada])]);
    assert.deepEqual(
      await ada.events("peerLeft"),
      [],
      "Bob stayed, and Ada was not told otherwise",
    );
  },
);
