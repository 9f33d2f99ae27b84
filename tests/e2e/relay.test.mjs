// A browser whose network lets nothing through but a relay: deploy/coturn, run by a real coturn.

import assert from "node:assert/strict";
import { startChromium } from "./support/browsers.mjs";
import { startCoturn } from "./support/coturn.mjs";
import { join, open } from "./support/people.mjs";
import { scenario } from "./support/scenario.mjs";
import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

// Pages of `browser` that send media by relays alone, and keep their connections for a look.
const confined = (browser) => ({
  ...browser,
  async page(options) {
    const page = await browser.page(options);
    await page.addInitScript(() => {
      const Direct = window.RTCPeerConnection;
      window.connections = [];
      window.RTCPeerConnection = class extends Direct {
        constructor(configuration) {
          super({ ...configuration, iceTransportPolicy: "relay" });
          window.connections.push(this);
          this.given = configuration.iceServers;
        }
      };
    });
    return page;
  },
});

// The kinds of the candidates by which a page's media leave, one for each connection that is up.
const waysOut = (person) =>
  person.page.evaluate(async () => {
    const kinds = [];
    for (const connection of window.connections) {
      const stats = await connection.getStats();
      for (const { type, selectedCandidatePairId: pair } of stats.values()) {
        if (type !== "transport" || pair === undefined) continue;
        kinds.push(stats.get(stats.get(pair).localCandidateId).candidateType);
      }
    }
    return kinds;
  });

const flags = ({ url, secret }) => ["--turn-url", url, "--turn-secret", secret];

scenario("who can reach nothing but a relay talks as all others do", async (t) => {
  const coturn = await startCoturn(t);
  const server = await startServer(t, { args: flags(coturn) });
  const chromium = await startChromium(t);
  const [ada, bob] = await Promise.all([
    join(t, confined(chromium), server, "standup", "Ada", 400),
    join(t, chromium, server, "standup", "Bob", 700),
  ]);
  await Promise.all([ada.hears([bob]), bob.hears([ada])]);
  assert.deepEqual(await waysOut(ada), ["relay", "relay"]);
  const [given] = await ada.page.evaluate(
    () => window.connections.find(({ given }) => given?.length > 0).given,
  );
  assert.deepEqual(given.urls, [coturn.url]);
  const [expiry, peer] = given.username.split(":");
  assert.equal(peer, await ada.page.evaluate(() => parley.peerId));
  const left = Number(expiry) - Date.now() / 1000;
  assert(left > 23 * 3600 && left <= 24 * 3600, `credentials for ${left} s`);
});

scenario("a relay takes no credentials that another secret has made", async (t) => {
  const coturn = await startCoturn(t);
  const wrong = { ...coturn, secret: "a-secret-of-somebody-else" };
  const server = await startServer(t, { args: flags(wrong) });
  const chromium = await startChromium(t);
  const query = { room: "standup", name: "Ada", autojoin: "1" };
  const ada = await open(t, confined(chromium), server, query, { hz: 400 });
  await until("coturn has refused her", async () =>
    /Cannot find credentials of user <\d+:/.test(await coturn.log()),
  );
  assert.deepEqual(await waysOut(ada), []);
});

scenario("a relay leads to the media servers and nowhere else", async (t) => {
  const coturn = await startCoturn(t);
  assert.match(await coturn.reach(coturn.address), /tot_recv_msgs=[1-9]/);
  assert.doesNotMatch(await coturn.reach("192.0.2.1"), /tot_recv_msgs=[1-9]/);
  await until("coturn has refused that", async () =>
    /error 403: Forbidden IP/.test(await coturn.log()),
  );
});
