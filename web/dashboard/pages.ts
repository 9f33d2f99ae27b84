// The sheets of a server, a room, a person, and of what a search found.

import { element } from "../room/elements.js";
import { type Api, type LargeRoom, type Peer, Refused, type ServerView } from "./api.js";
import type { Fleet, Server } from "./fleet.js";
import { link, type Ways } from "./panels.js";
import { pathOfPeer, pathOfRoom, type Stop } from "./path.js";
import type { Page } from "./sheet.js";
import { heat, loadsOf } from "./tile.js";
import {
  agoText,
  cores,
  count,
  drainText,
  peopleText,
  sentence,
  standingMeaning,
  standingWords,
  whole,
} from "./words.js";

const roomsFound = 20;

export interface Actions extends Ways {
  toPeer(peer: Peer): void;
  drain(server: Server): void;
  undrain(server: Server): void;
}

function facts(...pairs: Array<[string, string]>): HTMLElement {
  const rows = pairs.map(([name, value]) =>
    element("div", "", element("dt", "", name), element("dd", "", value)),
  );
  return element("dl", "facts", ...rows);
}

function section(title: string, ...children: HTMLElement[]): HTMLElement {
  return element("section", "", element("h3", "", title), ...children);
}

function pathOf(stops: Stop[], ways: Ways): HTMLElement {
  const rows = stops.map(({ kind, name, more }) => {
    const open =
      kind === "server" || kind === "lender"
        ? () => ways.toServer(name)
        : kind === "room"
          ? () => ways.toRoom(name)
          : undefined;
    const label = open === undefined ? element("b", "", name) : link(name, open);
    const row = element("li", "", label, element("span", "hint", more));
    row.dataset.kind = kind;
    return row;
  });
  return element("ol", "path", ...rows);
}

function workersOf(server: Server): HTMLElement {
  const loads = loadsOf(server);
  const rows = loads.map((load, at) => {
    const bar = element("i", "meter");
    bar.style.setProperty("--share", `${Math.round(100 * (load ?? 0))}%`);
    bar.dataset.heat = heat(100 * (load ?? 0));
    const value = load === undefined ? "does not run" : `${Math.round(100 * load)} %`;
    return element("li", "", element("span", "", `${at}`), bar, element("span", "", value));
  });
  return element("ol", "workers", ...rows);
}

function roomsOf(rooms: LargeRoom[], ways: Ways): HTMLElement {
  const rows = rooms.map(({ room, home, peers, overflow }) => {
    const name = link(room, () => ways.toRoom(room));
    const row = element("li", "", name, element("span", "hint", peopleText(peers)));
    if (overflow.length > 0) {
      row.append(element("span", "way", [home, ...new Set(overflow)].join(" → ")));
    }
    return row;
  });
  return element("ul", "rooms", ...rows);
}

function drainButtons(server: Server, actions: Actions): HTMLElement {
  const drains = server.standing === "draining" || server.standing === "drained";
  const row = element("div", "row");
  if (drains) row.append(element("p", "hint", drainText(server)));
  const button = element("button", drains ? "plain" : "primary", drains ? "Undrain…" : "Drain…");
  button.type = "button";
  button.onclick = () => (drains ? actions.undrain(server) : actions.drain(server));
  if (server.standing !== "lost") row.append(button);
  return row;
}

function standingOf(server: Server): HTMLElement {
  const dot = element("i", "dot");
  dot.dataset.standing = server.standing;
  const word = element("b", "", sentence(standingWords[server.standing]));
  return element("p", "standing", dot, word, element("span", "hint", standingMeaning[server.standing]));
}

function serverParts(server: Server, view: ServerView, actions: Actions): HTMLElement[] {
  const { load } = view.server;
  const parts = [
    standingOf(server),
    drainButtons(server, actions),
    facts(
      ["Load", `${cores(load.used)} of ${cores(load.capacity)} cores`],
      ["With what was promised", `${cores(view.predicted)} cores`],
      ["Rooms", whole(view.server.rooms)],
      ["People", whole(load.peers)],
      ["Region", view.server.region || "none"],
      ["Version", view.server.version || "not told"],
      ["Heard", agoText(view.heardMs / 1_000)],
      ["Signalling", view.server.signalling || "not told"],
    ),
    section(`${count(server.workerCount, "worker")}`, workersOf(server)),
  ];
  const { largest, lends, lendsTo } = view;
  if (largest.length > 0) {
    const all = largest.length >= view.server.rooms;
    parts.push(section(all ? "Its rooms" : "Its largest rooms", roomsOf(largest, actions)));
  }
  if (lends.length > 0) {
    parts.push(section(`Lends workers to ${count(lendsTo, "room")}`, roomsOf(lends, actions)));
  }
  return parts;
}

export function serverPage(fleet: Fleet, api: Api, id: string, actions: Actions): Page {
  return {
    title: id,
    again: true,
    async load() {
      const view = await api.server(id);
      const server = fleet.find(id);
      if (server === undefined) return [element("p", "hint", "It is not there any more.")];
      return serverParts(server, view, actions);
    },
  };
}

function peerRow(peer: Peer, actions: Actions): HTMLElement {
  const name = link(peer.name || peer.peer, () => actions.toPeer(peer));
  const at = peer.lender ?? (peer.worker === undefined ? "no worker" : `worker ${peer.worker}`);
  const row = element("li", "", name, element("span", "hint", `${peer.peer} · ${at}`));
  if (!peer.connected) row.append(element("span", "hint", "no connection now"));
  return row;
}

// A home of an older version knows where the room is, but not who is where.
async function peersOf(api: Api, room: string): Promise<Peer[] | undefined> {
  try {
    return (await api.peers(room)).peers;
  } catch (error) {
    if (error instanceof Refused && error.status === 400) return undefined;
    throw error;
  }
}

export function roomPage(api: Api, room: string, actions: Actions): Page {
  return {
    title: room,
    again: false,
    async load() {
      const [why, peers] = await Promise.all([api.why(room), peersOf(api, room)]);
      const parts = [
        pathOf(pathOfRoom(why, peers ?? []), actions),
        section("Why there", element("p", "", `${sentence(why.reasons)}.`)),
      ];
      if (peers === undefined) {
        parts.push(element("p", "hint", "Its home is of a version that does not say who is in it."));
      } else if (peers.length > 0) {
        const rows = peers.map((peer) => peerRow(peer, actions));
        parts.push(section(peopleText(peers.length), element("ul", "rooms", ...rows)));
      }
      return parts;
    },
  };
}

export function peerPage(peer: Peer, actions: Actions): Page {
  const since = new Date(peer.since).toLocaleString();
  const parts = () => [
    pathOf(pathOfPeer(peer), actions),
    facts(
      ["Id", peer.peer],
      ["In the room since", since],
      ["Joined", peer.joined ? "yes" : "not yet"],
      ["Signalling", peer.connected ? "connected" : "away"],
    ),
  ];
  return { title: peer.name || peer.peer, again: false, load: async () => parts() };
}

export function searchPage(fleet: Fleet, api: Api, text: string, actions: Actions): Page {
  return {
    title: `“${text}”`,
    again: false,
    async load() {
      const part = text.toLowerCase();
      const servers = [...fleet.servers.values()].filter(({ id }) => id.toLowerCase().includes(part));
      const [{ rooms }, found] = await Promise.all([api.rooms(text, roomsFound), api.findPeers(text)]);
      const parts: HTMLElement[] = [];
      if (servers.length > 0) {
        const rows = servers.slice(0, roomsFound).map((server) => {
          const name = link(server.id, () => actions.toServer(server.id));
          return element("li", "", name, element("span", "hint", standingWords[server.standing]));
        });
        parts.push(section(count(servers.length, "server"), element("ul", "rooms", ...rows)));
      }
      if (rooms.length > 0) {
        const large = rooms.map((room) => ({ ...room, overflow: [] }));
        parts.push(section(count(rooms.length, "room"), roomsOf(large, actions)));
      }
      if (found.peers.length > 0) {
        const rows = found.peers.map((peer) => {
          const row = peerRow(peer, actions);
          row.append(element("span", "way", `${peer.room} on ${peer.server}`));
          return row;
        });
        parts.push(section(peopleText(found.peers.length), element("ul", "rooms", ...rows)));
      }
      if (parts.length === 0) parts.push(element("p", "", "Nothing has this name."));
      if (found.silent > 0) {
        const silent = `${count(found.silent, "server")} of ${found.asked} did not say who is there.`;
        parts.push(element("p", "hint", silent));
      }
      return parts;
    },
  };
}
