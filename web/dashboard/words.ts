// What the dashboard says, all of it in one place.

import type { Next, Place, Server, Standing } from "./fleet.js";

export const standingWords: Record<Standing, string> = {
  eligible: "takes rooms",
  overloaded: "overloaded",
  full: "full",
  unknown: "not known yet",
  draining: "draining",
  drained: "drained",
  stale: "silent",
  lost: "lost",
};

// Of several: "12 take rooms".
export function standingCount(standing: Standing, number: number): string {
  const words = standing === "eligible" && number !== 1 ? "take rooms" : standingWords[standing];
  return `${whole(number)} ${words}`;
}

export const standingMeaning: Record<Standing, string> = {
  eligible: "It may be given rooms.",
  overloaded: "It is given rooms only when no other server can take them.",
  full: "It has no capacity for another room.",
  unknown: "Not all of its rooms were heard yet.",
  draining: "It gets no new rooms.",
  drained: "It gets no new rooms, and may be stopped.",
  stale: "It was not heard for a moment; it gets no new rooms.",
  lost: "It was not heard for seconds; its rooms get another home.",
};

// A formatter for each number would cost more than all else about a thousand tiles.
const grouped = new Intl.NumberFormat("en");

// 20325 is "20,325".
export function whole(value: number): string {
  return Number.isInteger(value) && value < 1_000 ? String(value) : grouped.format(value);
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${whole(number)} ${number === 1 ? one : many}`;
}

export function cores(value: number): string {
  return `${value < 10 ? value.toFixed(1) : whole(Math.round(value))}`;
}

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function peopleText(people: number): string {
  return count(people, "person", "people");
}

// For who does not see the tile.
export function tileText(server: Server): string {
  const parts = [server.id, standingWords[server.standing]];
  if (server.standing !== "lost") parts.push(`${server.used} % used`);
  parts.push(count(server.rooms, "room"), peopleText(server.people));
  const stopped = [...server.workers].filter((letter) => letter === "-").length;
  if (stopped > 0) parts.push(`${count(stopped, "worker")} not running`);
  return parts.join(", ");
}

// "42 s", "5 min", "2 h 10 min".
export function timeText(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function agoText(seconds: number): string {
  return seconds < 5 ? "just now" : `${timeText(seconds)} ago`;
}

export function drainText(server: Server): string {
  if (server.standing === "drained") return "It is drained: it may be stopped.";
  if (server.rooms === 0) return "It has no rooms any more.";
  const rooms = `${count(server.rooms, "room")} with ${peopleText(server.people)}`;
  if (server.drainLeft < 0) return `${rooms} stay until they end by themselves.`;
  return `${rooms} move within ${timeText(server.drainLeft)}.`;
}

// What the placement will do with the next room of a region.
export function placeText(place: Place, policy: string): string {
  if (place.likely.length === 0) return "Nobody has capacity: the next room is refused.";
  const from = count(place.eligible, "server");
  const how =
    policy === "pack"
      ? `To the fullest of ${from} that stays under the bound`
      : `To the lighter of two drawn from ${from}`;
  const but = [
    place.elsewhere && "no server of the region has capacity",
    place.overloaded && "only overloaded servers are left",
    place.overBound && "none is left under the bound",
  ].filter((text) => text !== false);
  return but.length === 0 ? `${how}.` : `${how}: ${but.join("; ")}.`;
}

export function chanceText(chance: number): string {
  return chance === 0 ? "after it" : chance >= 100 ? "certain" : `${chance} %`;
}

// What is to be done besides: one sentence for each thing.
export function dueTexts(next: Next): string[] {
  const due: string[] = [];
  const have = (rooms: number) => (rooms === 1 ? "has" : "have");
  if (next.homeless > 0) {
    due.push(`${count(next.homeless, "room")} ${have(next.homeless)} lost the home and get another.`);
  }
  if (next.opening > 0) due.push(`${count(next.opening, "room")} being given a home.`);
  if (next.disputed > 0) due.push(`${count(next.disputed, "room")} to be given up by a former home.`);
  if (next.waiting > 0) due.push(`${count(next.waiting, "command")} waiting for the picture.`);
  if (next.drain.length > 0) {
    due.push(`More servers than needed: ${next.drain.join(", ")} may be drained.`);
  }
  return due;
}

export function refusalText(status: number, reason: string): string {
  if (status === 0) return "The router-service does not answer.";
  if (status < 0) return "It says what this page does not understand: load it again.";
  if (status === 401) return "This key does not open it.";
  if (status === 503) return `Not now: ${reason}.`;
  if (status === 504) return "Nobody answered in time.";
  return reason === "" ? `It refused (${status}).` : `It refused: ${reason}.`;
}
