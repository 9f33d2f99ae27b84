// The capacity dashboard as operators meet it: a real router-service and RabbitMQ, servers that are
// played, a browser.

import assert from "node:assert/strict";
import { after } from "node:test";
import { shareChromium } from "./support/browsers.mjs";
import { openDashboard } from "./support/dashboard.mjs";
import { join } from "./support/people.mjs";
import { ordinaryFleet, PlayedServer, playFleet } from "./support/played_fleet.mjs";
import { shareRabbitMq } from "./support/rabbitmq.mjs";
import { startRouterService } from "./support/router_service.mjs";
import { scenario } from "./support/scenario.mjs";
import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

const openChromium = shareChromium();
const ownVhost = shareRabbitMq({ tests: 9 });

// Something kept this process for 87 s once, all tests having passed: it does not wait for that.
after(() => setTimeout(() => process.exit(), 5_000).unref());

const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

// A broker, a fleet if one is given, a router-service that finds it there, and a browser.
async function begin(t, { servers, args = [], wander = 0 } = {}) {
  const [broker, chromium] = await Promise.all([ownVhost(), openChromium(t)]);
  if (servers) await playFleet(t, { broker, servers, wander });
  const service = await startRouterService(t, { broker, args });
  return { broker, service, chromium };
}

const showsThousand = (dashboard) =>
  until("a thousand tiles", async () => (await dashboard.tiles()).length === 1000, { ms: 60_000 });

function threeServers() {
  const loads = [0.5, 0.2, 0.7, null];
  const one = new PlayedServer("server-1", { loads }).addRoom("standup", ["Ada", "Bob", "Carol"]);
  const two = new PlayedServer("server-2", { loads: [0.1, 0.1] }).addRoom("retro", ["Dan"]);
  const three = new PlayedServer("server-3", { region: "eu", loads: [0.95, 0.9] });
  one.addRoom("hall", ["Eve", "Finn", "Gus", "Hana"], ["server-2"]);
  return [one, two, three];
}

scenario("an empty fleet says so, and servers are there as soon as they are heard", async (t) => {
  const { broker, service, chromium } = await begin(t);
  const dashboard = await openDashboard(t, chromium, service);
  await dashboard.says("#none", /No server was heard yet/);
  await dashboard.says("#state", /active/);
  await dashboard.picture("dashboard-empty");
  const servers = threeServers();
  await playFleet(t, { broker, servers });
  await dashboard.shows(
    /server-1, takes rooms, 58 % used, 2 rooms, 7 people, 1 worker not running/,
    /server-2, takes rooms, 13 % used, 1 room, 1 person/,
    /server-3, full, 116 % used, 0 rooms, 0 people/,
  );
  await dashboard.says("#figures", /Servers\s+3/);
  await dashboard.says("#overflow", /hall\s+4 people\s+server-1 → server-2/);
  await dashboard.says("#happenings", /server-3 server heard in region 'eu'/);
  await dashboard.picture("dashboard-three", { whole: true });

  servers[1].loads = [0.8, 0.2];
  servers[1].addRoom("lunch", ["Ida", "Jan"]);
  await dashboard.shows(/server-1/, /server-2, takes rooms, 63 % used, 2 rooms, 3 people/, /3/);
  servers[1].silent = true;
  await dashboard.shows(/server-1/, /server-2, lost/, /server-3/);
  await dashboard.says("#happenings", /server-2 server lost, and its rooms without a home: 2/);
  await dashboard.says("#happenings", /server-2 room moved to server-1.*× 2/);
  await dashboard.shows(/server-1, takes rooms, 58 % used, 4 rooms/, /server-2, lost/, /server-3/);
  assert.deepEqual(dashboard.said, []);
});

scenario("a server is drained after a question, and taken back", async (t) => {
  const servers = threeServers();
  servers[1].loads = [0.6, 0.5];
  const { service, chromium } = await begin(t, { servers });
  const dashboard = await openDashboard(t, chromium, service);
  const { page } = dashboard;
  await dashboard.shows(/server-1/, /server-2/, /server-3/);
  await page.locator(".tile", { hasText: "server-1" }).click();
  await dashboard.says("#sheet-title", /server-1/);
  await dashboard.says("#sheet-body", /standup\s+3 people/);
  await dashboard.says("#sheet-body", /does not run/);
  await dashboard.picture("dashboard-server");

  await dashboard.click("Drain…", "#sheet");
  await dashboard.says("#confirm-text", /2 rooms with 7 people are opened on other servers/);
  await dashboard.says("#confirm-warning", /may not have the place/);
  await dashboard.picture("dashboard-drain");
  // Who hits Enter without looking drains nobody.
  assert.equal(await page.evaluate(() => document.activeElement.id), "confirm-cancel");
  await page.keyboard.press("Enter");
  await until("the question is gone", async () => !(await page.locator("#confirm").isVisible()));
  assert.equal(servers[0].state, "up");

  await dashboard.click("Drain…", "#sheet");
  await page.locator("#deadline").selectOption("300");
  await dashboard.click("Drain", "#confirm");
  await until("it drains", () => servers[0].state === "draining");
  assert(servers[0].drainLeftMs === 300_000);
  await dashboard.says("#sheet-body", /move within \d min/);
  await dashboard.says("#happenings", /server-1 drain was asked for by an admin key/);
  await dashboard.shows(/server-1, draining/, /server-2/, /server-3/);

  await dashboard.click("Undrain…", "#sheet");
  await dashboard.says("#confirm-title", /Take server-1 back/);
  await dashboard.click("Undrain", "#confirm");
  await until("it takes rooms", () => servers[0].state === "up");
  await dashboard.shows(/server-1, takes rooms/, /server-2/, /server-3/);
});

scenario("a room, a person and a server are found, with the way of the voice", async (t) => {
  const { service, chromium } = await begin(t, { servers: threeServers() });
  const dashboard = await openDashboard(t, chromium, service);
  const { page } = dashboard;
  await dashboard.shows(/server-1/, /server-2/, /server-3/);
  await dashboard.search("ha");
  await dashboard.says("#sheet-body", /1 room\s+hall/);
  await dashboard.says("#sheet-body", /1 person\s+Hana/);
  await dashboard.picture("dashboard-search");
  await dashboard.click("hall", "#sheet");
  const room = /hall.*server-1\s+home, takes rooms.*worker 0.*server-2\s+lends/s;
  await dashboard.says("#sheet-body", room);
  await dashboard.says("#sheet-body", /Why there/);
  await dashboard.picture("dashboard-room");
  await dashboard.click("Gus", "#sheet");
  const person = /Gus\s+gus\s+hall\s+server-1\s+home\s+server-2\s+lends a worker/;
  await dashboard.says("#sheet-body", person);
  await dashboard.picture("dashboard-person");
  await page.keyboard.press("Escape");
  await dashboard.search("server-2");
  await dashboard.click("server-2", "#sheet");
  await dashboard.says("#sheet-body", /Lends workers to 1 room\s+hall/);
  await page.keyboard.press("Escape");
  await dashboard.search("nobody-at-all");
  await dashboard.says("#sheet-body", /Nothing has this name/);
});

scenario("with the keyboard alone one reaches every server, and comes back", async (t) => {
  const { service, chromium } = await begin(t, { servers: threeServers() });
  const dashboard = await openDashboard(t, chromium, service);
  const { page } = dashboard;
  await dashboard.shows(/server-1/, /server-2/, /server-3/);
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  await page.locator("#order").focus();
  await page.keyboard.press("Tab");
  assert.match(await focused(), /server-1/);
  await page.keyboard.press("End");
  assert.match(await focused(), /server-3/);
  await page.keyboard.press("ArrowLeft");
  assert.match(await focused(), /server-2/);
  await page.keyboard.press("Enter");
  await dashboard.says("#sheet-title", /server-2/);
  await page.keyboard.press("Escape");
  await until("the tile has the focus again", async () => /server-2/.test(await focused()));
  await page.keyboard.press("Shift+Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "order");
  const unnamed = await page.evaluate(() =>
    [...document.querySelectorAll("button, input, select")]
      .filter((one) => one.checkVisibility())
      .filter((one) => !(one.ariaLabel || one.textContent.trim() || one.labels?.length))
      .map((one) => one.outerHTML),
  );
  assert.deepEqual(unnamed, []);
});

scenario("on a phone nothing sticks out, and in the dark it can be read", async (t) => {
  const { service, chromium } = await begin(t, { servers: ordinaryFleet(24) });
  for (const colorScheme of ["light", "dark"]) {
    const dashboard = await openDashboard(t, chromium, service, { ...phone, colorScheme });
    await until("24 tiles", async () => (await dashboard.tiles()).length === 24);
    assert.equal(await dashboard.overhang(), 0);
    await dashboard.picture(`dashboard-phone-${colorScheme}`, { whole: true });
    await dashboard.page.locator(".tile").first().tap();
    await dashboard.says("#sheet-body", /Its rooms/);
    assert.equal(await dashboard.overhang(), 0);
    await dashboard.picture(`dashboard-phone-sheet-${colorScheme}`);
  }
  const desk = await openDashboard(t, chromium, service, { colorScheme: "dark" });
  await until("24 tiles", async () => (await desk.tiles()).length === 24);
  await desk.picture("dashboard-dark", { whole: true });
});

scenario("the standby shows the same, says that it is one, and passes commands on", async (t) => {
  const servers = threeServers();
  const { broker, service, chromium } = await begin(t, { servers });
  const standby = await startRouterService(t, { broker });
  await until("one is active", () => service.isActive());
  const dashboard = await openDashboard(t, chromium, standby);
  await dashboard.says("#state", /standby/);
  await dashboard.shows(/server-1/, /server-2/, /server-3/);
  await dashboard.page.locator(".tile", { hasText: "server-2" }).click();
  await dashboard.click("Drain…", "#sheet");
  await dashboard.click("Drain", "#confirm");
  await until("it drains", () => servers[1].state === "draining");
  await dashboard.page.keyboard.press("Escape");

  await service.kill();
  await dashboard.says("#state", /^active/);
  await standby.stop();
  await dashboard.says("#banner", /does not answer.*What is shown is from/);
  await dashboard.picture("dashboard-away");
  await standby.start();
  await dashboard.says("#banner", /^$/);
  await dashboard.shows(/server-1/, /server-2/, /server-3/);
});

scenario("who has the admin key is let in, and whoever a trusted proxy speaks for", async (t) => {
  const key = "the-key-of-the-fleet";
  const proxied = ["--proxy-user-header", "X-Forwarded-User", "--trusted-proxy", "127.0.0.1"];
  const args = ["--admin-key", key, ...proxied];
  const { broker, service, chromium } = await begin(t, { servers: threeServers(), args });
  const dashboard = await openDashboard(t, chromium, service);
  await dashboard.says("#key-form", /Admin key/);
  await dashboard.picture("dashboard-key");
  await dashboard.page.locator("#key").fill("another-key-entirely");
  await dashboard.page.locator("#key").press("Enter");
  await dashboard.says("#key-status", /does not open it/);
  await dashboard.page.locator("#key").fill(key);
  await dashboard.page.locator("#key").press("Enter");
  await dashboard.shows(/server-1/, /server-2/, /server-3/);
  await dashboard.page.reload();
  await dashboard.shows(/server-1/, /server-2/, /server-3/);

  const extraHTTPHeaders = { "X-Forwarded-User": "ada@example.com" };
  const behind = await openDashboard(t, chromium, service, { extraHTTPHeaders });
  await behind.shows(/server-1/, /server-2/, /server-3/);
  await behind.page.locator(".tile", { hasText: "server-2" }).click();
  await behind.click("Drain…", "#sheet");
  await behind.click("Drain", "#confirm");
  await behind.says("#happenings", /server-2 drain was asked for by ada@example.com/);

  const far = ["--proxy-user-header", "X-Forwarded-User", "--trusted-proxy", "192.0.2.0/24"];
  const other = await startRouterService(t, { broker, args: far });
  const ask = (headers) => other.api("GET", "/v1/fleet", undefined, headers);
  assert.equal((await ask(extraHTTPHeaders)).status, 403);
  assert.equal((await ask({})).status, 200);
});

scenario("a real server shows its worker, and who talks on it is found there", async (t) => {
  const { broker, service, chromium } = await begin(t);
  const args = ["--broker", broker, "--server-id", "server-1", "--workers", "2"];
  const server = await startServer(t, { args });
  const dashboard = await openDashboard(t, chromium, service);
  await dashboard.shows(/server-1, takes rooms, \d+ % used, 0 rooms/);
  const ada = await join(t, chromium, server, "standup", "Ada Lovelace", 400);
  const bob = await join(t, chromium, server, "standup", "Bob", 700);
  await bob.hears([ada]);
  await dashboard.shows(/server-1, takes rooms, \d+ % used, 1 room, 2 people/);
  await dashboard.search("lovelace");
  await dashboard.click("Ada Lovelace", "#sheet");
  await dashboard.says("#sheet-body", /Ada Lovelace.*standup\s+server-1\s+home\s+worker \d/s);
  await dashboard.click("standup", "#sheet");
  await dashboard.says("#sheet-body", /2 people\s+(Ada Lovelace|Bob)/);
  await dashboard.says("#sheet-body", /lighter of 1 drawn/i);
  await dashboard.click("server-1", "#sheet");
  await dashboard.says("#sheet-body", /2 workers.*Its rooms\s+standup\s+2 people/s);
  await dashboard.click("Drain…", "#sheet");
  await dashboard.click("Drain", "#confirm");
  await dashboard.says("#sheet-body", /2 people move within/);
  await dashboard.says("#happenings", /server-1 drains/);
  await dashboard.click("Undrain…", "#sheet");
  await dashboard.click("Undrain", "#confirm");
  await dashboard.says("#sheet-body", /Takes rooms/);
  await bob.hears([ada]);
});

scenario("a thousand servers are light to look at", async (t) => {
  const servers = ordinaryFleet(1000);
  servers[3].state = "draining";
  servers[500].loads.fill(0.99);
  servers[700].addRoom("the-hall", ["Ada", "Bob", "Carol"], [servers[701].id]);
  const { service, chromium } = await begin(t, { servers, wander: 0.1 });
  const wide = { viewport: { width: 1440, height: 900 } };
  const dashboard = await openDashboard(t, chromium, service, wide);
  const { page } = dashboard;
  await showsThousand(dashboard);
  await dashboard.picture("dashboard-thousand");
  let bytes = 0;
  page.on("response", async (response) => {
    if (response.url().includes("/v1/fleet")) bytes += (await response.body()).length;
  });
  const cost = () => page.evaluate(() => ({ ...parleyFleet.cost, at: performance.now() }));
  const before = await cost();
  const after = await until(
    "five updates",
    async () => {
      const now = await cost();
      return now.updates >= before.updates + 5 && now;
    },
    { ms: 120_000 },
  );
  const seconds = (after.at - before.at) / 1000;
  const updates = after.updates - before.updates;
  const perUpdate = (after.scriptMs - before.scriptMs) / updates;
  const rate = `${Math.round(bytes / seconds / 1000)} kB a second`;
  t.diagnostic(`${rate}, ${perUpdate.toFixed(1)} ms of script an update`);
  assert(bytes / updates < 64_000, `${bytes} bytes in ${updates} updates`);

  await page.locator("#order").selectOption("state");
  await page.locator('[data-filter="draining"]').click();
  await dashboard.shows(/eu-west-0004, draining/);
  await page.locator('[data-filter="draining"]').click();
  const small = await openDashboard(t, chromium, service, phone);
  await showsThousand(small);
  assert.equal(await small.overhang(), 0);
  await small.picture("dashboard-thousand-phone");
  await dashboard.page.emulateMedia({ colorScheme: "dark" });
  await dashboard.picture("dashboard-thousand-dark", { whole: true });
});
