// This peer's own voice: the track it speaks with, and who muted it.

import type { Media } from "./media.js";
import { MicrophoneError, type MicrophoneFault } from "./microphone.js";
import { RequestError } from "./signalling/link.js";

// off: listening only, by choice. forbidden: the token does not let this peer speak. lost: the
// microphone went away and there was no other.
export type MicrophoneState = "off" | "live" | "forbidden" | "lost" | MicrophoneFault;

export interface MicrophoneChange {
  state: MicrophoneState;
  label: string; // of the device in use, or ""
  fallback: boolean; // another device took the place of the one that was chosen
}

export interface VoiceListener {
  onMicrophone(change: MicrophoneChange): void;
  onMuted(muted: boolean, by: "self" | "admin"): void;
}

export class Voice {
  #track: MediaStreamTrack | undefined;
  #owned = false; // opened here, so stopped here
  #state: MicrophoneState = "off";
  #mutedBySelf: boolean;
  #mutedByAdmin = false;
  #media: Media | undefined;

  constructor(
    private readonly open: (deviceId?: string) => Promise<MediaStreamTrack>,
    private readonly listener: VoiceListener,
    muted: boolean,
  ) {
    this.#mutedBySelf = muted;
  }

  get track(): MediaStreamTrack | undefined {
    return this.#track;
  }
  get state(): MicrophoneState {
    return this.#state;
  }
  get mutedBy(): "self" | "admin" | undefined {
    return this.#mutedByAdmin ? "admin" : this.#mutedBySelf ? "self" : undefined;
  }

  // Chooses what to speak with; false for listening only. A microphone that can not be had is said
  // to the listener and is no error: one can still listen.
  async begin(audio: MediaStreamTrack | boolean, deviceId?: string): Promise<void> {
    if (audio === false) return;
    if (audio !== true) return this.#use(audio, false);
    try {
      this.#use(await this.open(deviceId), true);
    } catch (error) {
      this.#lose(error);
    }
  }

  // New transports: what is spoken goes through them from now on. Throws RequestError.
  async onMedia(media: Media): Promise<void> {
    this.#media = media;
    if (this.#track === undefined || this.#state === "forbidden") return;
    try {
      const paused = this.mutedBy !== undefined;
      await media.publish(this.#track, paused);
      if (paused !== (this.mutedBy !== undefined)) await this.#tell(); // changed meanwhile
    } catch (error) {
      if (!(error instanceof RequestError && error.code === 403)) throw error;
      this.#say("forbidden", false);
    }
  }

  // Speaks with another track. Throws when it can not be sent.
  async publish(track: MediaStreamTrack, owned = false, fallback = false): Promise<void> {
    const producing = this.#media?.producerId !== undefined;
    this.#use(track, owned, fallback);
    track.enabled = this.mutedBy === undefined;
    if (producing) await this.#media?.replaceTrack(track);
    else if (this.#media) await this.onMedia(this.#media);
  }

  // Throws MicrophoneError; what was used before is then still used.
  async setDevice(deviceId: string): Promise<void> {
    await this.publish(await this.open(deviceId), true);
  }

  async setMuted(muted: boolean): Promise<void> {
    if (this.#mutedBySelf === muted) return;
    this.#mutedBySelf = muted;
    // What an administrator silenced stays so; the server is told what we want when it may be.
    if (this.#mutedByAdmin) return;
    this.listener.onMuted(muted, "self");
    await this.#tell();
  }

  async onAdmin(muted: boolean): Promise<void> {
    if (this.#mutedByAdmin === muted) return;
    this.#mutedByAdmin = muted;
    this.listener.onMuted(this.mutedBy !== undefined, "admin");
    if (muted) this.#media?.silence();
    else await this.#tell();
  }

  // Makes the producer as it should be, here and on the server. A producer that is not there needs
  // no telling: it will be made that way.
  async #tell(): Promise<void> {
    try {
      await this.#media?.setPaused(this.mutedBy !== undefined);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (error.code === 403 && !this.#mutedBySelf) await this.onAdmin(true);
    }
  }

  // The server lost its memory but kept the media; `producers` is what it has of ours. Throws
  // RequestError.
  async onSync(producers: ReadonlyArray<{ id: string; paused: boolean }>): Promise<void> {
    const media = this.#media;
    const mine = producers.find(({ id }) => id === media?.producerId);
    if (media === undefined || this.#track === undefined) return;
    if (mine === undefined) {
      media.dropProducer();
      return this.onMedia(media);
    }
    if (mine.paused !== (this.mutedBy !== undefined)) await this.#tell();
  }

  // A device was plugged in: the microphone that was lost may be had again.
  async onDevices(): Promise<void> {
    if (this.#state === "lost" || this.#state === "missing") await this.#fallBack();
  }

  close(): void {
    this.#media = undefined;
    this.#release();
  }

  #use(track: MediaStreamTrack, owned: boolean, fallback = false): void {
    if (this.#track !== track) this.#release();
    this.#track = track;
    this.#owned = owned;
    track.addEventListener("ended", this.#onEnded);
    if (track.readyState === "ended") void this.#fallBack();
    else this.#say("live", fallback);
  }

  readonly #onEnded = (): void => void this.#fallBack();

  // The microphone is gone, unplugged or taken: the default one takes its place, if there is one.
  async #fallBack(): Promise<void> {
    try {
      await this.publish(await this.open(), true, true);
    } catch (error) {
      this.#release();
      if (this.#state === "live") this.#say("lost", false);
      else if (this.#state !== "lost") this.#lose(error);
      await this.#media?.unpublish().catch(() => undefined);
    }
  }

  #release(): void {
    this.#track?.removeEventListener("ended", this.#onEnded);
    if (this.#owned) this.#track?.stop();
    this.#track = undefined;
  }

  #lose(error: unknown): void {
    this.#say(error instanceof MicrophoneError ? error.fault : "busy", false);
  }

  #say(state: MicrophoneState, fallback: boolean): void {
    this.#state = state;
    this.listener.onMicrophone({ state, label: this.#track?.label ?? "", fallback });
  }
}
