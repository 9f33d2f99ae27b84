// The voice room as people meet it: its words when something is wrong, its keys, its looks.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join as path } from "node:path";
import { shareChromium, startChromium } from "./support/browsers.mjs";
import { join, open } from "./support/people.mjs";
import { build } from "./support/program.mjs";
import { scenario } from "./support/scenario.mjs";
import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

const openChromium = shareChromium();

const pictures = path(build, "e2e-pictures");

// Pictures of what a person sees, on a desk and on a phone: `name`-1280x800.png and so on. Fails
// where something sticks out sideways.
async function picture({ page }, name) {
  await mkdir(pictures, { recursive: true });
  for (const [width, height] of [
    [1280, 800],
    [360, 740],
  ]) {
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: path(pictures, `${name}-${width}x${height}.png`) });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert(wide <= width, `${name} is ${wide} wide on a screen of ${width}`);
  }
}

const saysInTheEnd = (person, id, wanted) =>
  until(`${person.name} reads ${wanted}`, async () => wanted.test(await person.says(id)), {
    ms: 30_000,
  });

scenario(
  "who joins through the form is heard, and who has no microphone is told so and may listen",
  async (t) => {
    const server = await startServer(t);
    const chromium = await startChromium(t, { args: ["--use-fake-device-for-media-stream"] });
    const ada = await open(t, chromium, server, { room: "standup", name: "Ada" }, { hz: 400 });
    await saysInTheEnd(ada, "join-title", /standup/);
    await picture(ada, "join");
    await ada.page.locator("#join-button").click();
    await ada.state("connected");
    await saysInTheEnd(ada, "alone", /first one here/);

    const bob = await open(t, chromium, server, { room: "standup", name: "Bob" });
    await saysInTheEnd(bob, "join-notice", /microphone is not allowed.*only listen/s);
    assert.equal(await bob.says("join-button"), "Join and listen");
    await picture(bob, "microphone-refused");
    await bob.page.locator("#join-button").click();
    await bob.state("connected");
    await bob.hears([ada]);
    await ada.hears([]);
    await saysInTheEnd(bob, "talk-hint", /You are listening/);
    await until("Ada sees that Bob only listens", () =>
      ada.page.evaluate(() =>
        /Bob, listening only/.test(document.getElementById("tiles").textContent),
      ),
    );
  },
);

scenario("the keyboard mutes, and lets one talk while the space bar is held", async (t) => {
  const server = await startServer(t);
  const chromium = await openChromium(t);
  const [ada, bob, carol] = await Promise.all([
    join(t, chromium, server, "standup", "Ada Lovelace", 400),
    join(t, chromium, server, "standup", "Bob", 700),
    join(t, chromium, server, "standup", "Carol", 1000),
  ]);
  await bob.hears([ada, carol]);
  await until("Ada's tile lights up", () =>
    bob.page.evaluate(() =>
      [...document.querySelectorAll(".tile.speaking")].some((tile) => /Ada/.test(tile.textContent)),
    ),
  );
  await ada.page.keyboard.press("m");
  await bob.hears([carol]);
  await saysInTheEnd(ada, "talk-hint", /You are muted/);
  await Promise.all([picture(bob, "room"), picture(ada, "muted")]);
  await ada.page.keyboard.down("Space");
  await bob.hears([ada, carol]);
  await ada.page.keyboard.up("Space");
  await bob.hears([carol]);
  await ada.page.keyboard.press("m");
  await bob.hears([ada, carol]);
});

scenario("a room that is full says so, and has a place when somebody leaves", async (t) => {
  const server = await startServer(t);
  const chromium = await openChromium(t);
  await server.api("POST", "/v1/rooms", { room: "small", options: { maxPeers: 1 } });
  const ada = await join(t, chromium, server, "small", "Ada", 400);
  const bob = await open(
    t,
    chromium,
    server,
    { room: "small", name: "Bob", autojoin: "1" },
    { hz: 700 },
  );
  await saysInTheEnd(bob, "ended-title", /room is full/i);
  await picture(bob, "room-full");
  await ada.click("leave");
  await saysInTheEnd(ada, "ended-title", /left/i);
  await bob.click("again");
  await bob.state("connected");
});

scenario("who is kicked or muted by an administrator is told", async (t) => {
  const server = await startServer(t);
  const chromium = await openChromium(t);
  const [ada, bob] = await Promise.all([
    join(t, chromium, server, "standup", "Ada", 400),
    join(t, chromium, server, "standup", "Bob", 700),
  ]);
  const id = (person) => person.page.evaluate(() => parley.peerId);
  const peers = "/v1/rooms/standup/peers";
  await bob.hears([ada]);
  await server.api("POST", `${peers}/${await id(ada)}/mute`, { muted: true });
  await bob.hears([]);
  await saysInTheEnd(ada, "talk-hint", /muted by an administrator/);
  await ada.page.keyboard.press("m");
  await saysInTheEnd(ada, "banner", /Only an administrator/);
  await server.api("POST", `${peers}/${await id(ada)}/mute`, { muted: false });
  await bob.hears([ada]);
  await server.api("DELETE", `${peers}/${await id(ada)}?reason=too%20loud`);
  await saysInTheEnd(ada, "ended-title", /asked to leave/);
  assert.match(await ada.says("ended-text"), /too loud/);
  await picture(ada, "kicked");
  await bob.hears([]);
});

scenario("a server that is away is named, and joined as soon as it is back", async (t) => {
  const server = await startServer(t);
  const chromium = await openChromium(t);
  const ada = await join(t, chromium, server, "standup", "Ada", 400);
  const bob = await open(t, chromium, server, { room: "standup", name: "Bob" }, { hz: 700 });
  await saysInTheEnd(bob, "join-title", /standup/);
  await server.kill();
  await saysInTheEnd(ada, "banner", /server is away/);
  await bob.page.locator("#join-button").click();
  await saysInTheEnd(bob, "join-status", /server is away/);
  await picture(ada, "server-away");
  await picture(bob, "server-away-joining");
  await server.start();
  await Promise.all([ada.state("connected"), bob.state("connected")]);
  await Promise.all([ada.hears([bob]), bob.hears([ada])]);
  await saysInTheEnd(ada, "banner", /^$/);
});
