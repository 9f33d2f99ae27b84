// A client that was written for mediasoup, on a page of somebody else's, works as it is.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build as bundle } from "esbuild";
import { shareChromium } from "./support/browsers.mjs";
import { join, personOn } from "./support/people.mjs";
import { scenario } from "./support/scenario.mjs";
import { startServer } from "./support/server.mjs";

const openChromium = shareChromium();

const { outputFiles } = await bundle({
  entryPoints: [fileURLToPath(new URL("clients/classic.mjs", import.meta.url))],
  bundle: true,
  write: false,
  platform: "browser",
  define: { global: "window" },
});
const client = outputFiles[0].text;

// Serves the client's page from an origin of its own.
async function servePage(t) {
  const server = createServer((request, answer) => {
    const script = request.url === "/client.js";
    answer.setHeader("content-type", script ? "text/javascript" : "text/html");
    answer.end(script ? client : `<!doctype html><script src="client.js"></script>`);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/`;
}

async function joinClassic(t, browser, server, room, name, hz) {
  const page = await browser.page({ hz });
  const person = personOn(t, page, name, hz);
  await page.goto(await servePage(t));
  await page.evaluate(
    async ([url, displayName]) => {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const onVoice = (name, track) => {
        const element = document.createElement("audio");
        element.autoplay = true;
        element.srcObject = new MediaStream([track]);
        document.body.append(element);
        void voice.listen(name, track);
      };
      window.classic = await joinClassic(url, {
        displayName,
        track: stream.getAudioTracks()[0],
        onVoice,
      });
    },
    [`${server.url.replace("http", "ws")}/?roomId=${room}&peerId=${name}`, name],
  );
  return person;
}

scenario(
  "mediasoup-client and protoo-client talk with each other and with Parley's own page",
  async (t) => {
    const server = await startServer(t);
    const chromium = await openChromium(t);
    const ada = await join(t, chromium, server, "standup", "Ada", 400);
    const bob = await joinClassic(t, chromium, server, "standup", "Bob", 700);
    const carol = await joinClassic(t, chromium, server, "standup", "Carol", 1000);
    await Promise.all([ada.hears([bob, carol]), bob.hears([ada, carol]), carol.hears([ada, bob])]);

    await bob.page.evaluate(() => classic.pause());
    await Promise.all([ada.hears([carol]), carol.hears([ada])]);
    await bob.page.evaluate(() => classic.resume());
    await Promise.all([ada.hears([bob, carol]), carol.hears([ada, bob])]);

    const from = await carol.now();
    await bob.page.evaluate(() => classic.restartIce());
    await Promise.all([ada.hears([bob, carol]), bob.hears([ada, carol])]);
    assert((await carol.longestGap(bob, from)) < 120, "an ICE restart is not heard");

    const stats = await carol.page.evaluate(() => classic.stats());
    for (const [what, report] of Object.entries(stats))
      assert.equal(report.length, 1, `statistics of the ${what}`);

    await bob.page.evaluate(() => classic.close());
    await Promise.all([ada.hears([carol]), carol.hears([ada])]);
    const told = await carol.page.evaluate(() => classic.told);
    const known = [
      "newPeer",
      "peerClosed",
      "peerDisplayNameChanged",
      "activeSpeaker",
      "producerScore",
      "consumerScore",
      "consumerClosed",
      "consumerPaused",
      "consumerResumed",
      "consumerLayersChanged",
      "downlinkBwe",
    ];
    assert.deepEqual(
      [...new Set(told)].filter((method) => !known.includes(method)),
      [],
      "nothing that it does not know",
    );
  },
);

scenario("what a classic client asks wrongly is refused, and it goes on", async (t) => {
  const server = await startServer(t);
  const chromium = await openChromium(t);
  const ada = await join(t, chromium, server, "standup", "Ada", 400);
  const bob = await joinClassic(t, chromium, server, "standup", "Bob", 700);
  const refused = (method, data) =>
    bob.page.evaluate(
      ([method, data]) =>
        classic.request(method, data).then(
          () => 0,
          ({ code }) => code,
        ),
      [method, data],
    );
  assert.equal(
    await refused("produce", { transportId: "nowhere", kind: "audio", rtpParameters: {} }),
    404,
  );
  const [transportId] = await bob.page.evaluate(() => classic.transportIds);
  const rtpParameters = { codecs: "opus", encodings: 7 };
  assert.equal(await refused("produce", { transportId, kind: "audio", rtpParameters }), 400);
  assert.equal(await refused("restartIce", {}), 404);
  assert((await refused("noSuchMethod", {})) >= 400);
  await Promise.all([ada.hears([bob]), bob.hears([ada])]);
});
