// Figures, what comes next, rooms beyond one server, what happened.

import { byId, element } from "../room/elements.js";
import type { Fleet, Happening, Place, Scale } from "./fleet.js";
import { heat } from "./tile.js";
import { agoText, chanceText, cores, count, dueTexts, peopleText, placeText, whole } from "./words.js";

const happeningsShown = 60;

export interface Ways {
  toServer(id: string): void;
  toRoom(room: string): void;
}

// A button that reads like a word.
export function link(text: string, onClick: () => void): HTMLButtonElement {
  const button = element("button", "link", text);
  button.type = "button";
  button.onclick = onClick;
  return button;
}

function figure(name: string, value: string, more: string, warmth = "calm"): HTMLElement {
  const root = element("div", "", element("dt", "", name), element("dd", "", value));
  root.append(element("dd", "more", more));
  root.dataset.heat = warmth;
  return root;
}

export function figures(fleet: Fleet): HTMLElement[] {
  const { scale } = fleet;
  if (scale === undefined) return [];
  const present = fleet.present();
  const people = whole(fleet.people());
  const homeless = fleet.next?.homeless ?? 0;
  const missing = scale.known ? scale.wanted - present : 0;
  const percent = scale.capacity > 0 ? Math.round((100 * scale.load) / scale.capacity) : 0;
  const unknown = "when all were heard";
  return [
    figure("Servers", whole(present), serversText(scale, missing), warmthOf(missing)),
    scale.known
      ? figure("Wanted", whole(scale.wanted), enoughText(scale.needed))
      : figure("Wanted", "–", unknown),
    scale.known
      ? figure("Load", `${percent} %`, loadText(scale), heat(percent))
      : figure("Load", "–", unknown),
    figure("People", people, `in ${count(fleet.rooms, "room")}`),
    figure(
      "Without a home",
      whole(homeless),
      homeless === 0 ? "every room has one" : "they get another",
      warmthOf(homeless),
    ),
  ];
}

const warmthOf = (trouble: number) => (trouble > 0 ? "hot" : "calm");
const enoughText = (needed: number) => `${whole(needed)} would be enough`;
const loadText = ({ load, capacity }: Scale) => `${cores(load)} of ${cores(capacity)} cores`;

function serversText({ known, surplus }: Scale, missing: number): string {
  if (missing > 0) return `${whole(missing)} more wanted`;
  if (!known) return "more may be heard";
  return surplus > 0 ? `${whole(surplus)} may be drained` : "as many as wanted";
}

export class Panels {
  #happeningsText = "";
  #written = new Map<HTMLElement, string>();

  constructor(private readonly ways: Ways) {}

  showFigures(fleet: Fleet): void {
    this.#put(byId("figures"), figures(fleet));
  }

  showNext(fleet: Fleet): void {
    const { next } = fleet;
    if (next === undefined) return;
    const due = dueTexts(next).map((text) => element("li", "", text));
    const parts: HTMLElement[] = next.places.map((place) => this.#place(place, next.policy));
    if (due.length > 0) parts.unshift(element("ul", "due", ...due));
    this.#put(byId("next"), parts);
  }

  #place(place: Place, policy: string): HTMLElement {
    const title = place.region === "" ? "The next room" : `The next room of ${place.region}`;
    const root = element("div", "place", element("h3", "", title));
    root.append(element("p", "hint", placeText(place, policy)));
    const rows = place.likely.map(([id, load, chance]) => {
      const bar = element("i", "meter");
      bar.style.setProperty("--share", `${Math.min(100, load)}%`);
      bar.dataset.heat = heat(load);
      const name = link(id, () => this.ways.toServer(id));
      const chances = element("span", "chance", chanceText(chance));
      return element("li", "", name, bar, element("span", "", `${load} %`), chances);
    });
    if (rows.length > 0) root.append(element("ol", "likely", ...rows));
    return root;
  }

  showOverflow(fleet: Fleet): void {
    const root = byId("overflow");
    if (fleet.overflow.length === 0) {
      return this.#put(root, [element("p", "hint", "Every room fits into its home.")]);
    }
    const rows = fleet.overflow.map(({ room, home, people, lenders }) => {
      const name = link(room, () => this.ways.toRoom(room));
      const way = element("span", "way", link(home, () => this.ways.toServer(home)));
      for (const lender of new Set(lenders)) {
        way.append(" → ", link(lender, () => this.ways.toServer(lender)));
      }
      return element("li", "", name, element("span", "hint", peopleText(people)), way);
    });
    const parts: HTMLElement[] = [element("ul", "rooms", ...rows)];
    const more = fleet.overflowing - fleet.overflow.length;
    if (more > 0) parts.push(element("p", "hint", `and ${count(more, "room")} more`));
    this.#put(root, parts);
  }

  showHappenings(fleet: Fleet): void {
    const shown = fleet.happenings.slice(0, happeningsShown);
    const text = JSON.stringify([shown, Math.floor(fleet.at / 30_000)]);
    if (text === this.#happeningsText) return;
    this.#happeningsText = text;
    const rows = shown.map((one) => this.#happening(one, fleet.at / 1_000));
    if (rows.length === 0) rows.push(element("li", "hint", "Nothing yet."));
    this.#put(byId("happenings"), rows);
  }

  #happening(one: Happening, now: number): HTMLElement {
    const time = element("time", "", agoText(now - one.at));
    time.dateTime = new Date(one.at * 1_000).toISOString();
    time.title = new Date(one.at * 1_000).toLocaleString();
    const what = element("span", "what");
    if (one.server !== "") what.append(link(one.server, () => this.ways.toServer(one.server)), " ");
    what.append(one.text);
    if (one.room !== "") what.append(" (", link(one.room, () => this.ways.toRoom(one.room)), ")");
    if (one.times > 1) what.append(element("b", "times", ` × ${whole(one.times)}`));
    const row = element("li", "", time, what);
    row.dataset.level = one.level;
    return row;
  }

  // Nothing is touched when it would look the same, so that what is focused or selected stays.
  #put(root: HTMLElement, children: HTMLElement[]): void {
    const made = element("div", "", ...children);
    if (this.#written.get(root) === made.innerHTML) return;
    this.#written.set(root, made.innerHTML);
    root.replaceChildren(...made.childNodes);
  }
}
