// The capacity dashboard: asks the router-service what is new, and shows it.

import { byId } from "../room/elements.js";
import { Api, type Refused } from "./api.js";
import { Charts } from "./charts.js";
import { Confirmation } from "./confirmation.js";
import { Fleet } from "./fleet.js";
import { type Actions, peerPage, roomPage, searchPage, serverPage } from "./pages.js";
import { Panels } from "./panels.js";
import { Poller } from "./poller.js";
import { Sheet } from "./sheet.js";
import { Tiles } from "./tiles.js";
import { agoText, refusalText } from "./words.js";

const fleet = new Fleet();
const api = new Api();
const sheet = new Sheet();
const charts = new Charts();
const confirmation = new Confirmation(fleet, api, () => {
  poller.soon();
  sheet.refresh();
});
const actions: Actions = {
  toServer: (id) => sheet.open(serverPage(fleet, api, id, actions)),
  toRoom: (room) => sheet.open(roomPage(api, room, actions)),
  toPeer: (peer) => sheet.open(peerPage(peer, actions)),
  drain: (server) => confirmation.drain(server),
  undrain: (server) => confirmation.undrain(server),
};
const panels = new Panels(actions);
const tiles = new Tiles(fleet, (server) => actions.toServer(server.id));

// What updates cost, for whoever measures: window.parleyFleet.
const cost = { updates: 0, scriptMs: 0 };
Object.assign(window, { parleyFleet: { fleet, cost } });

async function update(): Promise<number> {
  const answer = await api.fleet(fleet.since);
  const began = performance.now();
  const { all, changed, members, happenings } = fleet.apply(answer);
  show("page");
  tiles.update(changed, members, all);
  panels.showFigures(fleet);
  panels.showNext(fleet);
  panels.showOverflow(fleet);
  if (happenings || cost.updates % 30 === 0) panels.showHappenings(fleet);
  charts.show(fleet.looksUntilNow());
  showState();
  if (sheet.isOpen) sheet.refresh();
  cost.updates += 1;
  cost.scriptMs += performance.now() - began;
  return fleet.servers.size;
}

function show(screen: "page" | "key-screen"): void {
  for (const id of ["page", "key-screen"]) byId(id).hidden = id !== screen;
}

function showState(): void {
  const { active, connected, whole } = fleet.replica;
  const state = byId("state");
  const [text, title] = !connected
    ? ["broker away", "This router-service has no connection to RabbitMQ: nothing here is of now."]
    : !whole
      ? ["listening", "Not every server was heard yet."]
      : active
        ? ["active", "Commands are delivered to this router-service."]
        : ["standby", "Commands go to the other router-service; what is shown is the same."];
  if (state.textContent !== text) state.textContent = text ?? "";
  state.title = title ?? "";
  state.dataset.state = connected ? "well" : "trouble";
}

function onTrouble(trouble: Refused | undefined): void {
  const banner = byId("banner");
  banner.textContent = "";
  if (trouble === undefined) return;
  if (trouble.status === 401) return askForKey(trouble);
  const since = fleet.at === 0 ? "" : ` What is shown is from ${agoText((Date.now() - fleet.at) / 1_000)}.`;
  banner.textContent = refusalText(trouble.status, trouble.message) + since;
  show("page");
}

function askForKey(trouble: Refused): void {
  poller.stop();
  const key = byId<HTMLInputElement>("key");
  const status = byId("key-status");
  status.textContent = key.value === "" ? "" : refusalText(trouble.status, trouble.message);
  show("key-screen");
  key.focus();
}

const poller = new Poller(update, onTrouble, {
  set: (run, ms) => setTimeout(run, ms),
  clear: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout> | undefined),
});

byId<HTMLFormElement>("key-form").onsubmit = (event) => {
  event.preventDefault();
  api.setKey(byId<HTMLInputElement>("key").value.trim());
  poller.start();
};
byId<HTMLFormElement>("search").onsubmit = (event) => {
  event.preventDefault();
  const text = byId<HTMLInputElement>("search-text").value.trim();
  if (text !== "") sheet.open(searchPage(fleet, api, text, actions));
};
document.addEventListener("visibilitychange", () => {
  if (document.hidden) poller.stop();
  else poller.start();
});
poller.start();
