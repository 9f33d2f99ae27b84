// The tests' own ears: what they hear, and that they can tell tones, silence and gaps.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { startChromium, startFirefox } from "./support/browsers.mjs";
import { until } from "./support/until.mjs";

async function servePage(t) {
  const server = createServer((_, answer) =>
    answer.setHeader("content-type", "text/html").end("<!doctype html><p>hello"),
  );
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/`;
}

// Calls the page itself: one connection out, one in.
async function callOneself() {
  const [there, here] = [new RTCPeerConnection(), new RTCPeerConnection()];
  there.onicecandidate = ({ candidate }) => here.addIceCandidate(candidate);
  here.onicecandidate = ({ candidate }) => there.addIceCandidate(candidate);
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  window.sender = there.addTrack(stream.getAudioTracks()[0]);
  here.ontrack = ({ track }) => {
    const element = document.createElement("audio");
    element.autoplay = true;
    element.srcObject = new MediaStream([track]);
    document.body.append(element);
    void voice.listen("self", track);
  };
  await there.setLocalDescription();
  await here.setRemoteDescription(there.localDescription);
  await here.setLocalDescription();
  await there.setRemoteDescription(here.localDescription);
}

const alone = (heard, hz) => heard?.[hz] > 0.9 && Object.keys(heard).length === 1;

for (const start of [startChromium, startFirefox]) {
  test(`${start.name.slice(5)} hears a call to itself, and silence as silence`, async (t) => {
    const url = await servePage(t);
    const browser = await start(t, { hz: 700 });
    const page = await browser.page({ hz: 700 });
    await page.goto(url);
    await page.evaluate(callOneself);
    const recent = () => page.evaluate(() => voice.recent(500));
    await until("the tone, and it alone", async () => alone((await recent()).self, 700));
    await page.evaluate(() => sender.replaceTrack(null));
    await until("silence", async () => (await recent()).self === undefined);
  });
}

test("a gap in the sound is as long as it was, and none is none", async (t) => {
  const url = await servePage(t);
  const browser = await startChromium(t);
  const page = await browser.page({ hz: 1300 });
  await page.goto(url);
  await page.evaluate(callOneself);
  const heard = async () => alone((await page.evaluate(() => voice.recent(400))).self, 1300);
  await until("the tone", heard);
  const [whole, gap] = await page.evaluate(async () => {
    const start = voice.now();
    const pause = async (ms) => {
      const end = voice.now() + ms;
      while (voice.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await pause(600);
    const whole = voice.longestGap("self", 1300, start, voice.now() - 200);
    const track = sender.track;
    await sender.replaceTrack(null);
    await pause(500);
    await sender.replaceTrack(track);
    await pause(600);
    return [whole, voice.longestGap("self", 1300, start, voice.now() - 200)];
  });
  assert(whole < 60, `no gap: ${whole} ms`);
  // The jitter buffer makes the tone up for the first tenths of a second.
  assert(gap > 150 && gap < 900, `half a second: ${gap} ms`);
});
