// The way of a room, or of one person's voice: home, workers, lenders.

import type { Peer, Why } from "./api.js";
import type { Standing } from "./fleet.js";
import { peopleText, standingWords } from "./words.js";

export interface Stop {
  kind: "person" | "room" | "server" | "worker" | "lender";
  name: string;
  more: string;
}

// From who speaks to who carries it.
export function pathOfPeer(peer: Peer): Stop[] {
  const name = peer.name === "" ? peer.peer : peer.name;
  const stops: Stop[] = [
    { kind: "person", name, more: peer.connected ? peer.peer : "no connection now" },
    { kind: "room", name: peer.room, more: "" },
    { kind: "server", name: peer.server, more: "home" },
  ];
  if (peer.lender !== undefined) {
    stops.push({ kind: "lender", name: peer.lender, more: "lends a worker" });
  } else if (peer.worker !== undefined) {
    stops.push({ kind: "worker", name: `worker ${peer.worker}`, more: "carries the voice" });
  } else {
    stops.push({ kind: "worker", name: "no worker", more: "it has none now" });
  }
  return stops;
}

// Home, and under it whatever carries a part of the room.
export function pathOfRoom({ room, home, standing, homeless }: Why, peers: readonly Peer[]): Stop[] {
  const words = standingWords[standing as Standing] ?? standing;
  const stops: Stop[] = [
    { kind: "room", name: room, more: peers.length === 0 ? "nobody is in it" : "" },
    { kind: "server", name: home, more: homeless ? "was its home" : `home, ${words}` },
  ];
  const workers = [...new Set(peers.flatMap(({ worker }) => worker ?? []))].sort((a, b) => a - b);
  for (const worker of workers) {
    const people = peers.filter((peer) => peer.worker === worker).length;
    stops.push({ kind: "worker", name: `worker ${worker}`, more: `carries ${peopleText(people)}` });
  }
  for (const lender of new Set(peers.flatMap(({ lender }) => lender ?? []))) {
    const people = peers.filter((peer) => peer.lender === lender).length;
    stops.push({ kind: "lender", name: lender, more: `lends a worker, which carries ${peopleText(people)}` });
  }
  return stops;
}
