// What an app gives a room and hears from it.

import type { MicrophoneChange } from "./voice.js";
import type { Peer } from "./peer.js";
import type { Quality } from "./quality.js";
import type { CloseReason } from "./signalling/refusal.js";

export interface RoomOptions {
  // Where the server is: ws(s):// or http(s)://, or relative to the page. Default: the page's own.
  url?: string;
  room: string; // 1 to 64 of A-Z a-z 0-9 _ . : -
  displayName: string;
  peer?: string; // this peer's id, of the same characters. Default: a random one
  // A peer token, or what fetches one: it is asked for every connection, since tokens expire.
  token?: string | (() => string | Promise<string>);
  // What to speak with: a track, true for the default microphone, false for listening only (default).
  audio?: MediaStreamTrack | boolean;
  muted?: boolean; // joins muted
  // Hears the loudest of the others, so many at once (1 to 8), in as many streams, whoever comes and
  // goes. Default 0: everybody, in a stream each.
  slots?: number;
  inputDevice?: string; // with audio: true
  outputDevice?: string;
  // How long join() tries to reach a server that does not answer, in milliseconds. Default 15,000.
  patienceMs?: number;
}

// connecting: join() is under way. reconnecting: something broke and is being mended; the others may
// well be heard all the while. closed: it is over, and nothing will follow.
export type RoomState =
  | { name: "connecting" | "reconnecting"; what: Trouble; attempt: number; retryInMs: number }
  | { name: "connected" }
  | { name: "closed"; reason: CloseReason; message: string };

// What is being waited for: the server's answer, the media, or a place in the room.
export type Trouble = "signalling" | "media" | "room-full" | "capacity";

export interface RoomEvents {
  state: RoomState;
  // The room has another home among the servers; it is joined there, by itself. What is heard stops
  // until `reconnected`.
  moved: Record<string, never>;
  // What broke is mended: the state is `connected` again.
  reconnected: Record<string, never>;
  peerJoined: { peer: Peer };
  peerLeft: { peer: Peer };
  // Its name, or whether it speaks, is muted or only listens.
  peerChanged: { peer: Peer };
  // With slots a track is one person's only for a while: it is removed from the one and given to the
  // other.
  track: { peer: Peer; track: MediaStreamTrack };
  trackRemoved: { peer: Peer; track: MediaStreamTrack };
  // Levels from 0 to 1 by peer id, this peer's own among them: the server hears it that loud. About 5
  // times a second while somebody speaks; whoever is not in it is silent.
  speaking: { levels: ReadonlyMap<string, number> };
  activeSpeaker: { peerId: string | undefined };
  // About every 2 s. `peerId` undefined: this client's own connection.
  quality: { peerId: string | undefined; quality: Quality };
  // This peer was muted or unmuted, by itself or by an administrator.
  muted: { muted: boolean; by: "self" | "admin" };
  microphone: MicrophoneChange;
  // The browser plays nothing before a user's gesture; the next click or key will do.
  playbackBlocked: { blocked: boolean };
}

// Room.join() was refused, or nobody answered.
export class JoinError extends Error {
  override readonly name = "JoinError";
  // `message`: what the server said to it, often nothing.
  constructor(
    readonly reason: CloseReason,
    message: string,
  ) {
    super(message);
  }
}
