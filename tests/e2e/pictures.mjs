// script/pictures: see there.

import { mkdir } from "node:fs/promises";
import { join as path } from "node:path";
import { Owner } from "../cluster/owner.mjs";
import { startChromium } from "./support/browsers.mjs";
import { openDashboard } from "./support/dashboard.mjs";
import { join } from "./support/people.mjs";
import { ordinaryFleet, playFleet } from "./support/played_fleet.mjs";
import { repository } from "./support/program.mjs";
import { startRabbitMq } from "./support/rabbitmq.mjs";
import { startRouterService } from "./support/router_service.mjs";
import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

const images = path(repository, "docs/images");
const looks = 18; // of ten seconds each, so that there is a past to see

async function room(t, chromium) {
  const server = await startServer(t);
  const tones = { "Ada Lovelace": 400, Bob: 700, Carol: 1000 };
  const people = await Promise.all(
    Object.entries(tones).map(([name, hz]) => join(t, chromium, server, "standup", name, hz)),
  );
  const [, bob] = people;
  await bob.hears(people.filter((one) => one !== bob));
  await people[2].page.keyboard.press("m");
  await bob.hears([people[0]]);
  await bob.page.setViewportSize({ width: 1280, height: 800 });
  await until("somebody is seen to speak", () =>
    bob.page.evaluate(() => document.querySelector(".tile.speaking") !== null),
  );
  await bob.page.screenshot({ path: path(images, "room.png") });
}

// A morning: people come, one server drains, one is full, one room is larger than its home.
function morning() {
  const servers = ordinaryFleet(18);
  servers[4].state = "draining";
  servers[4].drainLeftMs = 600_000;
  servers[9].loads.fill(0.97);
  servers[14].loads[5] = null;
  const crowd = Array.from({ length: 180 }, (_, at) => `Listener ${at + 1}`);
  servers[9].addRoom("all-hands", crowd, [servers[3].id, servers[12].id]);
  return servers;
}

async function dashboard(t, chromium) {
  const broker = await startRabbitMq(t);
  const servers = morning();
  await playFleet(t, { broker: broker.url, servers, wander: 0.04 });
  const service = await startRouterService(t, { broker: broker.url });
  const page = await openDashboard(t, chromium, service);
  const looked = () => page.page.evaluate(() => parleyFleet.fleet.looks.length);
  let seen = 0;
  await until(
    "there is a past to see",
    async () => {
      const now = await looked();
      for (; seen < now; seen++) {
        servers.forEach((server, at) => {
          if (at % 3 === seen % 3) server.addRoom(`morning-${seen}-${at}`, ["Ida", "Jan", "Kim"]);
        });
      }
      return now >= looks;
    },
    { ms: looks * 15_000, everyMs: 500 },
  );
  await page.page.setViewportSize({ width: 1360, height: 900 });
  await page.page.screenshot({ path: path(images, "dashboard.png"), fullPage: true });
}

const owner = new Owner();
let code = 0;
try {
  await mkdir(images, { recursive: true });
  const chromium = await startChromium(owner);
  await room(owner, chromium);
  await dashboard(owner, chromium);
  console.log(`${images}: room.png, dashboard.png`);
} catch (error) {
  console.error(error);
  code = 1;
}
await owner.end().catch((error) => {
  console.error(error);
  code = 1;
});
process.exit(code);
