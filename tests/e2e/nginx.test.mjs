// One hostname for everything: a cluster behind deploy/nginx, met by browsers over https.

import assert from "node:assert/strict";
import { request as requestSecurely } from "node:https";
import { startChromium } from "./support/browsers.mjs";
import { startCluster } from "./support/cluster.mjs";
import { hostname, nginxPorts, startNginx } from "./support/nginx.mjs";
import { join } from "./support/people.mjs";
import { scenario } from "./support/scenario.mjs";
import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

const key = "an-administrator-of-this-test";
const authorization = `Bearer ${key}`;

// A Chromium that finds the hostname here, and believes any certificate.
const browser = (t) =>
  startChromium(t, {
    args: [`--host-resolver-rules=MAP ${hostname} 127.0.0.1`, "--ignore-certificate-errors"],
  });

// Asks nginx as a client from elsewhere would: { status, headers, text }.
function ask(ports, path, { method = "GET", body, headers = {} } = {}) {
  const options = { host: "127.0.0.1", port: ports.https, path, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const onAnswer = async (answer) => {
      let text = "";
      for await (const part of answer) text += part;
      resolve({ status: answer.statusCode, headers: answer.headers, text });
    };
    const all = { ...options, method, headers: { host: hostname, ...headers } };
    requestSecurely(all, onAnswer).on("error", reject).end(body);
  });
}

async function clusterBehindNginx(t) {
  const ports = await nginxPorts();
  const args = ["--public-url", ports.url, "--admin-key", key];
  const cluster = await startCluster(t, "router-service", ["s1", "s2"], { args });
  const controllers = Object.values(cluster.servers);
  await startNginx(t, { ports, controllers, routerServices: [cluster.service] });
  return { ...cluster, ports, url: ports.url };
}

scenario("people meet behind one hostname, by any of its servers", async (t) => {
  const site = await clusterBehindNginx(t);
  const chromium = await browser(t);
  const people = await Promise.all(
    ["Ada", "Bob", "Carol"].map((name, i) =>
      join(t, chromium, site, "standup", name, 400 + 300 * i),
    ),
  );
  const [ada, bob, carol] = people;
  await Promise.all([ada.hears([bob, carol]), bob.hears([ada, carol]), carol.hears([ada, bob])]);
  const protocol = await ada.page.evaluate(
    () => performance.getEntriesByType("navigation")[0].nextHopProtocol,
  );
  assert.equal(protocol, "h2");

  // Whose server is gone comes back by the other one.
  await site.servers.s1.crash();
  await Promise.all(people.map((person) => person.state("connected", { ms: 60_000 })));
  await Promise.all([
    ada.hears([bob, carol], { ms: 60_000 }),
    bob.hears([ada, carol], { ms: 60_000 }),
  ]);
  await site.servers.s1.start();
});

scenario("an app asks one hostname, whichever server has the room", async (t) => {
  const site = await clusterBehindNginx(t);
  const { home } = await site.app.ask({ type: "room.create", room: "standup" });
  const away = site.servers[home === "s1" ? "s2" : "s1"];
  const path = "/v1/rooms/standup/peers";
  await until("the other server sends clients to the home", async () => {
    const redirect = "manual";
    return (await fetch(away.url + path, { redirect, headers: { authorization } })).status === 307;
  });
  // Nobody is connected, so servers take turns: two in a row are the home and the other one.
  for (let i = 0; i < 2; ++i) {
    const { status, text } = await ask(site.ports, path, { headers: { authorization } });
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text).peers, []);
  }
  // Without a broker the servers send on what they could else ask each other.
  await site.broker.kill();
  await until("the servers know that it is gone", async () => {
    const answers = Object.values(site.servers).map(({ url }) => fetch(`${url}/readyz`));
    return (await Promise.all(answers)).every(({ status }) => status === 503);
  });
  for (const peer of ["ada", "bob"]) {
    const { status, text } = await ask(site.ports, path, {
      method: "POST",
      body: JSON.stringify({ peer }),
      headers: { authorization, "content-type": "application/json" },
    });
    assert.equal(status, 201);
    assert.equal(JSON.parse(text).url, `${site.url.replace("https", "wss")}/`);
  }
  const fleet = await ask(site.ports, "/fleet/v1/servers");
  assert.equal(fleet.status, 403, "the router-service has no admin-key, and nginx is no loopback");
});

scenario("the hostname shows pages to everybody, and its inside to nobody", async (t) => {
  const ports = await nginxPorts();
  const server = await startServer(t, { args: ["--public-url", ports.url] });
  await startNginx(t, { ports, controllers: [server] });

  const plain = await fetch(`http://127.0.0.1:${ports.http}/standup?name=Ada`, {
    redirect: "manual",
  });
  assert.equal(plain.status, 301);
  assert.equal(plain.headers.get("location"), "https://127.0.0.1/standup?name=Ada");

  for (const path of ["/", "/index.html", "/standup"]) {
    const page = await ask(ports, path);
    assert.equal(page.status, 200, path);
    assert.match(page.headers["content-type"], /^text\/html; charset=utf-8$/);
    assert.equal(page.headers["cache-control"], "no-cache");
    assert.equal(page.headers["x-content-type-options"], "nosniff");
    assert.match(page.text, /room\.js/);
  }
  const sdk = await ask(ports, "/parley-sdk.js");
  assert.match(sdk.headers["content-type"], /^text\/javascript/);
  assert.equal(sdk.headers["access-control-allow-origin"], "*");
  assert.equal((await ask(ports, "/no-such-file.js")).status, 404);

  assert.equal((await ask(ports, "/healthz")).status, 200);
  for (const path of ["/metrics", "/readyz"]) assert.equal((await ask(ports, path)).status, 404);
  // The controller has no admin-key: to it nginx is no part of its machine.
  assert.equal((await ask(ports, "/v1/rooms")).status, 403);
});
