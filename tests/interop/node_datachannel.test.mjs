// node-datachannel (libdatachannel) hears and is heard through the server.

import assert from "node:assert/strict";
import { after } from "node:test";
import { joinBySdp } from "../e2e/clients/sdp_peer.mjs";
import { startChromium } from "../e2e/support/browsers.mjs";
import { nodeDataChannel } from "../e2e/support/packages.mjs";
import { join } from "../e2e/support/people.mjs";
import { scenario } from "../e2e/support/scenario.mjs";
import { startServer } from "../e2e/support/server.mjs";
import { until } from "../e2e/support/until.mjs";
import { opusTone, startDatachannel, tonesIn } from "./datachannel_client.mjs";

after(() => nodeDataChannel.cleanup()); // its threads would keep the process

scenario("node-datachannel and Chromium hear each other's tone through the server", async (t) => {
  const server = await startServer(t);
  const chromium = await startChromium(t);
  const ada = await join(t, chromium, server, "standup", "Ada", 400);
  const client = startDatachannel(t, "datachannel", 1001, await opusTone(1700, 50));
  await joinBySdp(t, server, "standup", "datachannel", client);
  await ada.hears([{ name: "datachannel", hz: 1700 }]);
  await until("a second of Ada's voice", () => client.received.length >= 100);
  const heard = await tonesIn(client.received.slice(50, 100), [400, 700, 1000, 1300, 1700]);
  assert.deepEqual(Object.keys(heard), ["400"]);
  assert(heard[400] > 0.9, `Ada's tone in ${heard[400]} of the packets`);
});

scenario("what one says arrives bit for bit", async (t) => {
  const server = await startServer(t);
  // Every packet is another one, so that none can stand for its neighbour.
  const tone = await opusTone(1000, 200);
  const numbered = tone.map((packet, i) => Buffer.concat([packet, Buffer.from([i])]));
  const speaker = startDatachannel(t, "speaker", 2001, numbered);
  const listener = startDatachannel(t, "listener", 2002, tone);
  await joinBySdp(t, server, "standup", "speaker", speaker);
  await joinBySdp(t, server, "standup", "listener", listener);
  await until("a hundred packets", () => listener.received.length >= 100);
  const got = listener.received.slice(0, 100);
  const first = speaker.sent.findIndex((payload) => payload.equals(got[0]));
  assert.deepEqual(
    got,
    Array.from(got, (_, i) => speaker.sent[first + i]),
  );
});
