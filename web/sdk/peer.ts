// Somebody else in the room.

import type { Quality } from "./quality.js";

export class Peer {
  displayName: string;
  level = 0; // how loud, 0 to 1
  quality: Quality | undefined; // of what arrives here from this peer
  /** @internal What the server says of its microphone, where no stream of its own shows it. */
  said: "live" | "muted" | "none" | undefined;
  /** @internal By consumer id. */
  readonly tracks = new Map<string, { track: MediaStreamTrack; paused: boolean }>();

  constructor(
    readonly id: string,
    displayName: string,
    readonly device: unknown, // as its client described itself
  ) {
    this.displayName = displayName;
  }

  // The voice that arrives, if any: with slots only that of those who are heard now.
  get track(): MediaStreamTrack | undefined {
    return this.tracks.values().next().value?.track;
  }

  // live: can be heard; muted; none: only listens.
  get audio(): "live" | "muted" | "none" {
    if (this.said !== undefined) return this.said;
    if (this.tracks.size === 0) return "none";
    return [...this.tracks.values()].some(({ paused }) => !paused) ? "live" : "muted";
  }

  /** @internal */
  setTrack(consumerId: string, track: MediaStreamTrack, paused: boolean): void {
    this.tracks.set(consumerId, { track, paused });
  }

  /** @internal Returns the track, if there was one. */
  removeTrack(consumerId: string): MediaStreamTrack | undefined {
    const track = this.tracks.get(consumerId)?.track;
    this.tracks.delete(consumerId);
    if (this.tracks.size === 0) this.quality = undefined;
    return track;
  }
}
