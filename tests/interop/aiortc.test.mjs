// aiortc and a browser hear each other.

import { joinBySdp } from "../e2e/clients/sdp_peer.mjs";
import { startChromium } from "../e2e/support/browsers.mjs";
import { join } from "../e2e/support/people.mjs";
import { scenario } from "../e2e/support/scenario.mjs";
import { startServer } from "../e2e/support/server.mjs";
import { until } from "../e2e/support/until.mjs";
import { startAiortc } from "./aiortc_process.mjs";

scenario("aiortc and Chromium hear each other's tone through the server", async (t) => {
  const server = await startServer(t);
  const chromium = await startChromium(t);
  const ada = await join(t, chromium, server, "standup", "Ada", 400);
  const aiortc = startAiortc(t, 1700);
  await joinBySdp(t, server, "standup", "aiortc", aiortc);
  await ada.hears([{ name: "aiortc", hz: 1700 }]);
  await until("aiortc hears Ada, and nothing else", async () => {
    const heard = await aiortc.heard([400, 700, 1000, 1300, 1700]);
    return heard[400] > 0.9 && Object.keys(heard).length === 1 ? true : undefined;
  });
});
