// Browsers whose network lets no UDP through: their media go over TCP, to the same port.

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { startChromium, startFirefox } from "./support/browsers.mjs";
import { startFlakyLink } from "./support/flaky_link.mjs";
import { join } from "./support/people.mjs";
import { freeUdpPort } from "./support/ports.mjs";
import { scenario } from "./support/scenario.mjs";
import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

// What stands between the browsers and the worker: an address of this machine that the worker only
// announces. UDP that comes there is never seen again; TCP is passed on, and may be cut.
async function startFirewall(t, port) {
  const { address } = Object.values(networkInterfaces())
    .flat()
    .find(({ family, internal }) => family === "IPv4" && !internal);
  const firewall = await startFlakyLink(t, { httpPort: port }, { address, port });
  const sink = createSocket("udp4");
  const lost = { packets: 0 };
  sink.on("message", () => lost.packets++);
  await new Promise((resolve, reject) => {
    sink.once("error", reject).bind(port, address, resolve);
  });
  t.after(() => sink.close());
  return { address, lost, cut: () => firewall.cut(), open: () => firewall.open() };
}

// Lets a page of `browser` keep its connections for a look.
const observed = (browser) => ({
  ...browser,
  async page(options) {
    const page = await browser.page(options);
    const observe = () => {
      const Real = window.RTCPeerConnection;
      window.connections = [];
      window.RTCPeerConnection = class extends Real {
        constructor(configuration) {
          super(configuration);
          window.connections.push(this);
        }
      };
    };
    await (page.addInitScript?.(observe) ?? page.evaluateOnNewDocument(observe));
    return page;
  },
});

// What a person's media go over, one for each connection: the protocol of both ends, as getStats()
// tells it.
const ways = (person) =>
  person.page.evaluate(async () => {
    const all = [];
    for (const connection of window.connections) {
      const stats = [...(await connection.getStats()).values()];
      const transport = stats.find(({ type }) => type === "transport");
      const pair = stats.find(
        ({ type, id, selected }) =>
          type === "candidate-pair" && (selected || id === transport?.selectedCandidatePairId),
      );
      const protocolOf = (wanted) => stats.find(({ id }) => id === wanted)?.protocol;
      if (pair) all.push([protocolOf(pair.localCandidateId), protocolOf(pair.remoteCandidateId)]);
    }
    return all;
  });

const connections = async (server) => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(text.match(/^parley_worker_tcp_connections\{.*\} (\d+)$/m)[1]);
};

scenario("who can not send UDP talks over TCP, and again when that was cut", async (t) => {
  const port = await freeUdpPort();
  const firewall = await startFirewall(t, port);
  const server = await startServer(t, {
    args: ["--rtc-port", String(port), "--rtc-listen", `127.0.0.1=${firewall.address}`],
  });
  const [firefox, chromium] = await Promise.all([startFirefox(t, { hz: 400 }), startChromium(t)]);
  const [ada, bob] = await Promise.all([
    join(t, observed(firefox), server, "standup", "Ada", 400),
    join(t, observed(chromium), server, "standup", "Bob", 700),
  ]);
  await Promise.all([ada.hears([bob]), bob.hears([ada])]);
  const overTcp = [
    ["tcp", "tcp"],
    ["tcp", "tcp"],
  ];
  assert.deepEqual(await ways(bob), overTcp);
  assert.deepEqual(await ways(ada), overTcp);
  assert(firewall.lost.packets > 0, "UDP was tried");
  await until("each has one connection to send and one to receive", async () => {
    return (await connections(server)) >= 4;
  });

  await firewall.cut();
  await Promise.all([ada.hears([]), bob.hears([])]);
  await firewall.open();
  const patience = { ms: 60_000 };
  await Promise.all([ada.hears([bob], patience), bob.hears([ada], patience)]);
  assert.deepEqual(await ways(bob), overTcp);
  await bob.onlyEverHeard([ada]);
});

scenario("who can send UDP does so, with TCP at hand", async (t) => {
  const server = await startServer(t);
  const [firefox, chromium] = await Promise.all([startFirefox(t, { hz: 400 }), startChromium(t)]);
  const [ada, bob] = await Promise.all([
    join(t, observed(firefox), server, "standup", "Ada", 400),
    join(t, observed(chromium), server, "standup", "Bob", 700),
  ]);
  await Promise.all([ada.hears([bob]), bob.hears([ada])]);
  for (const person of [ada, bob]) {
    assert.deepEqual(await ways(person), [
      ["udp", "udp"],
      ["udp", "udp"],
    ]);
  }
});

scenario("switched off, nobody is at the port", async (t) => {
  const knock = (port) =>
    new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve("taken")).on("error", ({ code }) =>
        resolve(code),
      );
      t.after(() => socket.destroy());
    });
  for (const [tcp, answer] of [
    ["true", "taken"],
    ["false", "ECONNREFUSED"],
  ]) {
    const port = await freeUdpPort();
    await startServer(t, { args: ["--rtc-port", String(port), "--rtc-tcp", tcp] });
    assert.equal(await knock(port), answer, `rtc-tcp = ${tcp}`);
  }
});
