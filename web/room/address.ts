// What the page's address asks for.

import { record } from "../sdk/signalling/message.js";

export interface Wanted {
  room: string; // "": not said
  name: string;
  peer: string | undefined; // from the token
  token: string | undefined;
  autojoin: boolean;
  server: string | undefined;
  slots: number; // heard at once; 0: everybody, in a stream each
}

const slotsUsual = 3;
const slotsMax = 8;

// The room is named by ?room=, by #room, or by the last part of the path; a token names it above all.
export function readAddress(address: string): Wanted {
  const url = new URL(address);
  const query = url.searchParams;
  const token = query.get("token") ?? undefined;
  const claims = token === undefined ? {} : peek(token);
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return {
    room: text(claims.room) || toRoomId(query.get("room") ?? fromHash(url) ?? fromPath(url)),
    name: query.get("name") ?? text(claims.name),
    peer: text(claims.sub) || undefined,
    token,
    autojoin: query.get("autojoin") === "1",
    server: query.get("server") ?? undefined,
    slots: toSlots(query.get("slots")),
  };
}

// The link that brings others into this room: it carries no token and no name.
export function inviteLink(address: string, room: string): string {
  const url = new URL(address);
  const server = url.searchParams.get("server");
  url.hash = "";
  url.search = "";
  if (fromPath(url) !== "") url.pathname = url.pathname.replace(/[^/]*$/, "");
  url.searchParams.set("room", room);
  if (server !== null) url.searchParams.set("server", server);
  return url.href;
}

function toSlots(text: string | null): number {
  const slots = Number(text ?? slotsUsual);
  return Number.isInteger(slots) && slots >= 0 && slots <= slotsMax ? slots : slotsUsual;
}

// What people type, as an id that the server takes: letters without their accents, spaces as dashes.
export function toRoomId(text: string): string {
  return text
    .normalize("NFKD")
    .trim()
    .replace(/\s+/g, "-")
    .replace(/[^A-Za-z0-9_.:-]/g, "")
    .slice(0, 64);
}

function fromHash(url: URL): string | undefined {
  return url.hash.length > 1 ? decode(url.hash.slice(1)) : undefined;
}

function fromPath(url: URL): string {
  const last = url.pathname.split("/").at(-1) ?? "";
  return last.endsWith(".html") ? "" : decode(last);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// The claims of a JWT, unverified: only to show what the server will decide.
function peek(token: string): Record<string, unknown> {
  try {
    const payload = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0));
    return record(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return {};
  }
}
