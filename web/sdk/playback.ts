// Plays what the others say, each on an audio element of its own.

export interface Playback {
  play(key: string, track: MediaStreamTrack): void;
  stop(key: string): void;
  setVolume(key: string, volume: number): void;
  setOutput(deviceId: string): Promise<void>;
  // Tries what the browser refused before; it must be called from a user's gesture.
  resume(): Promise<void>;
  close(): void;
}

// `onBlocked` is told when the browser wants a user's gesture before it plays, and again (false)
// when it plays. The next click or key anywhere on the page is taken as that gesture.
export class PagePlayback implements Playback {
  #elements = new Map<string, HTMLAudioElement>();
  #output = "";
  #blocked = false;

  constructor(private readonly onBlocked: (blocked: boolean) => void) {}

  play(key: string, track: MediaStreamTrack): void {
    this.stop(key);
    const element = document.createElement("audio");
    element.autoplay = true;
    element.srcObject = new MediaStream([track]);
    element.dataset.parley = key;
    this.#elements.set(key, element);
    // Some browsers only play elements that are in the page. An audio element without controls
    // takes no room in it.
    document.body.append(element);
    void this.#start(element);
  }

  stop(key: string): void {
    const element = this.#elements.get(key);
    if (element === undefined) return;
    this.#elements.delete(key);
    element.srcObject = null;
    element.remove();
  }

  setVolume(key: string, volume: number): void {
    const element = this.#elements.get(key);
    if (element) element.volume = Math.min(1, Math.max(0, volume));
  }

  async setOutput(deviceId: string): Promise<void> {
    this.#output = deviceId;
    await Promise.all([...this.#elements.values()].map((element) => this.#route(element)));
  }

  readonly resume = async (): Promise<void> => {
    await Promise.all([...this.#elements.values()].map((element) => this.#start(element)));
  };

  close(): void {
    this.#setBlocked(false);
    for (const key of [...this.#elements.keys()]) this.stop(key);
  }

  async #start(element: HTMLAudioElement): Promise<void> {
    try {
      await this.#route(element);
    } catch {
      // That loudspeaker is gone: the default one plays.
    }
    try {
      await element.play();
      this.#setBlocked(false);
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#setBlocked(true);
    }
  }

  async #route(element: HTMLAudioElement): Promise<void> {
    if ("setSinkId" in element && element.sinkId !== this.#output) {
      await element.setSinkId(this.#output);
    }
  }

  #setBlocked(blocked: boolean): void {
    if (this.#blocked === blocked) return;
    this.#blocked = blocked;
    for (const gesture of ["pointerdown", "keydown"]) {
      if (blocked) document.addEventListener(gesture, this.resume);
      else document.removeEventListener(gesture, this.resume);
    }
    this.onBlocked(blocked);
  }
}
