// One server: how it stands, how full it is, and its workers inside.

import { element } from "../room/elements.js";
import type { Server } from "./fleet.js";
import { count, peopleText, standingWords, tileText } from "./words.js";

const svg = "http://www.w3.org/2000/svg";
const letters = "0123456789abcdefghijklmnopqrstuvwxyz";

export type Heat = "calm" | "warm" | "hot";

// Of a share of the capacity: where one begins to care, and where it hurts.
export function heat(percent: number): Heat {
  return percent >= 90 ? "hot" : percent >= 70 ? "warm" : "calm";
}

// Columns from the bottom of a square of 100, as the data of a path; one for each load from 0 to 1,
// undefined for none.
export function columns(loads: Array<number | undefined>): string {
  const width = 100 / loads.length;
  const gap = loads.length === 1 ? 0 : Math.min(width * 0.25, 4);
  let path = "";
  loads.forEach((load, at) => {
    if (load === undefined) return;
    const height = Math.max(2, 100 * load);
    const left = at * width + gap / 2;
    path += `M${left.toFixed(1)} 100V${(100 - height).toFixed(0)}h${(width - gap).toFixed(1)}V100z`;
  });
  return path;
}

// What each worker uses, from 0 to 1; of a server that does not say, what it uses as a whole.
export function loadsOf(server: Server): Array<number | undefined> {
  if (server.workers === "") return [Math.min(1, server.used / 100)];
  return [...server.workers].map((letter) =>
    letter === "-" ? undefined : letters.indexOf(letter) / (letters.length - 1),
  );
}

export class Tile {
  readonly root = element("button", "tile");
  readonly #load = new Text();
  readonly #facts = new Text();
  readonly #path = document.createElementNS(svg, "path");
  #text = "";
  #drawn = "";

  constructor(readonly server: Server) {
    const picture = document.createElementNS(svg, "svg");
    picture.setAttribute("viewBox", "0 0 100 100");
    picture.setAttribute("preserveAspectRatio", "none");
    picture.append(this.#path);
    this.root.type = "button";
    this.root.tabIndex = -1;
    this.root.append(picture, element("span", "name", element("bdi", "", server.id)));
    this.root.append(element("span", "load", this.#load), element("span", "facts", this.#facts));
    this.root.onpointerenter = () => (this.root.title = this.#text);
    this.update();
  }

  // Touches only what is different: of a thousand servers each is a little different all the time.
  update(): void {
    const { server, root } = this;
    const { standing } = server;
    if (root.dataset.standing !== standing) root.dataset.standing = standing;
    const warmth = heat(server.predicted);
    if (root.dataset.heat !== warmth) root.dataset.heat = warmth;
    const load = standing === "eligible" ? `${server.used} %` : standingWords[standing];
    if (load !== this.#load.data) this.#load.data = load;
    const facts = `${count(server.rooms, "room")} · ${peopleText(server.people)}`;
    if (facts !== this.#facts.data) this.#facts.data = facts;
    const text = tileText(server);
    if (text !== this.#text) root.setAttribute("aria-label", (this.#text = text));
    const path = standing === "lost" ? "" : columns(loadsOf(server));
    if (path !== this.#drawn) this.#path.setAttribute("d", (this.#drawn = path));
  }
}
