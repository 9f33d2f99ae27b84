// Tells a screen reader who came and went, a moment later and in one sentence.

import { comingsText } from "./words.js";

const gatherMs = 1_200;

export class Announcer {
  #joined: string[] = [];
  #left: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly region: HTMLElement) {}

  joined(name: string): void {
    this.#joined.push(name);
    this.#soon();
  }

  left(name: string): void {
    this.#left.push(name);
    this.#soon();
  }

  say(text: string): void {
    const line = document.createElement("p");
    line.textContent = text;
    this.region.append(line);
    while (this.region.childElementCount > 5) this.region.firstElementChild?.remove();
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.say(comingsText(this.#joined.splice(0), this.#left.splice(0)));
    }, gatherMs);
  }
}
