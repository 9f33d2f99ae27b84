// One person in the room: initials, name, whether they speak, are muted, and how well they arrive.

import type { Quality } from "../sdk/index.js";
import { element, icon, setIcon } from "./elements.js";
import { hue, initials } from "./names.js";
import { qualityText, qualityWords } from "./words.js";

export type TileAudio = "live" | "muted" | "none";

// What may be decided about somebody else, for oneself.
export type Wish = "mute" | "pin";

const wishes = {
  mute: { icons: ["i-speaker", "i-speaker-off"], words: (name: string) => `Mute ${name} for me` },
  pin: { icons: ["i-pin", "i-pin"], words: (name: string) => `Always hear ${name}` },
} as const;

const speakingFrom = 0.04; // of a level from 0 to 1: what is below is a room's own noise

export class Tile {
  readonly root = element("li", "tile");
  private readonly own: boolean;
  readonly #letters = element("span", "");
  readonly #name = element("span", "name");
  readonly #audio = element("span", "mark-audio");
  readonly #audioWords = element("span", "unseen");
  readonly #bars = qualityBars();
  readonly #buttons = new Map<Wish, HTMLButtonElement>();
  #shown: TileAudio | undefined;

  // `onWish`: whether it holds is the room's to say, by setWish(). Without it the tile is one's own.
  constructor(name: string, onWish?: (wish: Wish, holds: boolean) => void) {
    const own = onWish === undefined;
    this.own = own;
    const avatar = element("div", "avatar", this.#letters, this.#audio);
    avatar.setAttribute("aria-hidden", "true");
    const who = element("p", "who", this.#name, this.#audioWords);
    if (own) this.#name.after(element("span", "you", "(you)"));
    this.root.append(avatar, who, this.#bars);
    if (onWish) this.root.append(this.#wishButtons(onWish));
    this.setName(name);
    this.setAudio("none");
    this.setQuality(undefined);
  }

  setName(name: string): void {
    this.#name.textContent = name || "Somebody";
    this.#name.title = name;
    this.#letters.textContent = initials(name);
    for (const [wish, button] of this.#buttons) {
      button.title = wishes[wish].words(name || "somebody");
      button.setAttribute("aria-label", button.title);
    }
    this.root.style.setProperty("--hue", String(hue(name)));
  }

  // Only a voice that can be heard shows.
  setLevel(wanted: number): void {
    const level = this.#shown === "live" ? wanted : 0;
    this.root.classList.toggle("speaking", level >= speakingFrom);
    this.root.style.setProperty("--level", level.toFixed(2));
  }

  setAudio(audio: TileAudio): void {
    if (audio === this.#shown) return;
    this.#shown = audio;
    this.setLevel(0);
    this.#audio.hidden = audio === "live";
    this.#audio.classList.toggle("listening", audio === "none");
    this.#audio.replaceChildren(icon(audio === "none" ? "i-ear" : "i-mic-off"));
    const words = audio === "live" ? "" : audio === "muted" ? "muted" : "listening only";
    this.#audioWords.textContent = words === "" ? "" : `, ${words}`;
    this.root.title = words;
  }

  setWish(wish: Wish, holds: boolean): void {
    const button = this.#buttons.get(wish);
    if (button === undefined) return;
    button.setAttribute("aria-pressed", String(holds));
    setIcon(button, wishes[wish].icons[holds ? 1 : 0]);
    this.root.classList.toggle(`wish-${wish}`, holds);
  }

  #wishButtons(onWish: (wish: Wish, holds: boolean) => void): HTMLElement {
    for (const wish of ["mute", "pin"] as const) {
      const button = element("button", "wish", icon(wishes[wish].icons[0]));
      button.type = "button";
      button.dataset.wish = wish;
      button.setAttribute("aria-pressed", "false");
      button.onclick = (event) => {
        onWish(wish, button.getAttribute("aria-pressed") !== "true");
        // After a click the space bar is for talking again, as with the controls below.
        if (event.detail > 0) button.blur();
      };
      this.#buttons.set(wish, button);
    }
    return element("div", "wishes", ...this.#buttons.values());
  }

  setQuality(quality: Quality | undefined): void {
    // One's own stands in the page's header.
    this.#bars.hidden = quality === undefined || this.own;
    if (quality !== undefined) showQuality(this.#bars, quality);
  }
}

export function qualityBars(): HTMLElement {
  const bars = element("span", "bars", element("i", ""), element("i", ""), element("i", ""));
  bars.setAttribute("role", "img");
  return bars;
}

export function showQuality(bars: HTMLElement, quality: Quality): void {
  if (bars.dataset.level !== quality.level) {
    bars.dataset.level = quality.level;
    bars.setAttribute("aria-label", qualityWords[quality.level]);
  }
  bars.title = qualityText(quality);
}
