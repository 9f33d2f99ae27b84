// All servers as tiles, region by region. One of them is reached by Tab, the others from there by the
// arrow keys.

import { byId, element } from "../room/elements.js";
import { arrange, census, type Order, reached } from "./arrangement.js";
import type { Fleet, Server, Standing } from "./fleet.js";
import { Tile } from "./tile.js";
import { count, standingCount, standingMeaning } from "./words.js";

// With more servers than these a tile says less and takes less room.
const cardsMost = 60;
const rearrangeMs = 10_000;

interface Section {
  root: HTMLElement;
  title: HTMLElement;
  list: HTMLElement;
}

export class Tiles {
  readonly #root = byId("tiles");
  readonly #filters = byId("filters");
  readonly #order = byId<HTMLSelectElement>("order");
  readonly #none = byId("none");
  readonly #tiles = new Map<number, Tile>();
  readonly #sections = new Map<string, Section>();
  readonly #only = new Set<Standing>();
  #shown: Tile[] = [];
  #current: Tile | undefined; // reached by Tab
  #arrangedAt = -Infinity;
  #counts = "";

  constructor(
    private readonly fleet: Fleet,
    private readonly onOpen: (server: Server) => void,
  ) {
    this.#order.onchange = () => this.arrange();
    this.#root.onclick = (event) => {
      const tile = this.#tileOf(event.target);
      if (tile === undefined) return;
      this.#reach(tile);
      this.onOpen(tile.server);
    };
    this.#root.onkeydown = (event) => this.#onKey(event);
  }

  // Shows what changed; `all`: nothing is as it was.
  update(changed: Server[], members: boolean, all: boolean): void {
    if (all) {
      this.#tiles.clear();
      this.#sections.clear();
      this.#root.replaceChildren();
    }
    for (const server of changed) {
      const tile = this.#tiles.get(server.number);
      if (tile === undefined) this.#tiles.set(server.number, new Tile(server));
      else tile.update();
    }
    const moves = this.#order.value !== "name" || this.#only.size > 0;
    const due = moves && changed.length > 0 && performance.now() > this.#arrangedAt + rearrangeMs;
    if (members || due) this.arrange();
    this.#showFilters();
  }

  arrange(): void {
    this.#arrangedAt = performance.now();
    const { servers } = this.fleet;
    for (const number of this.#tiles.keys()) if (!servers.has(number)) this.#tiles.delete(number);
    const regions = arrange(servers.values(), this.#order.value as Order, this.#only);
    const focused = this.#tileOf(document.activeElement);
    this.#root.classList.toggle("crowd", servers.size > cardsMost);
    this.#shown = [];
    const sections = regions.map(({ name, servers: members }) => {
      const section = this.#section(name);
      section.root.classList.toggle("unnamed", regions.length === 1 && name === "");
      section.title.textContent = `${name || "no region"} · ${count(members.length, "server")}`;
      const tiles = members.flatMap((server) => this.#tiles.get(server.number) ?? []);
      this.#shown.push(...tiles);
      place(section.list, tiles.map((tile) => tile.root));
      return section.root;
    });
    place(this.#root, sections);
    if (this.#current === undefined || !this.#shown.includes(this.#current)) {
      if (this.#current !== undefined) this.#current.root.tabIndex = -1;
      this.#current = this.#shown[0];
      if (this.#current !== undefined) this.#current.root.tabIndex = 0;
    }
    if (focused !== undefined && document.activeElement === document.body) focused.root.focus();
    this.#showNone();
  }

  #showNone(): void {
    this.#none.hidden = this.#shown.length > 0;
    this.#none.textContent =
      this.fleet.servers.size === 0
        ? "No server was heard yet. A controller with --broker shows up here within a second."
        : "No server stands like that now.";
  }

  // How many stand how; pressed ones are shown, none pressed is all.
  #showFilters(): void {
    const counts = census(this.fleet.servers.values());
    const text = JSON.stringify([counts, [...this.#only]]);
    if (text === this.#counts) return;
    this.#counts = text;
    for (const standing of this.#only) {
      if (!counts.some(([one]) => one === standing)) counts.push([standing, 0]);
    }
    const focused = (document.activeElement as HTMLElement | null)?.dataset?.filter;
    this.#filters.replaceChildren(...counts.map(([one, number]) => this.#filter(one, number)));
    if (focused !== undefined) {
      this.#filters.querySelector<HTMLElement>(`[data-filter="${focused}"]`)?.focus();
    }
  }

  #filter(standing: Standing, number: number): HTMLElement {
    const dot = element("i", "dot");
    const button = element("button", "filter", dot, standingCount(standing, number));
    button.type = "button";
    button.dataset.filter = standing;
    dot.dataset.standing = standing;
    button.title = standingMeaning[standing];
    button.setAttribute("aria-pressed", String(this.#only.has(standing)));
    button.onclick = () => {
      if (!this.#only.delete(standing)) this.#only.add(standing);
      this.arrange();
      this.#showFilters();
    };
    return button;
  }

  #section(region: string): Section {
    const known = this.#sections.get(region);
    if (known !== undefined) return known;
    const title = element("h3", "region");
    const list = element("div", "list");
    list.setAttribute("role", "group");
    list.setAttribute("aria-label", region === "" ? "Servers" : `Servers of ${region}`);
    const section = { root: element("section", ""), title, list };
    section.root.append(title, list);
    this.#sections.set(region, section);
    return section;
  }

  #tileOf(target: EventTarget | null): Tile | undefined {
    const root = target instanceof Element ? target.closest(".tile") : null;
    return root === null ? undefined : this.#shown.find((tile) => tile.root === root);
  }

  #reach(tile: Tile): void {
    if (this.#current !== undefined) this.#current.root.tabIndex = -1;
    this.#current = tile;
    tile.root.tabIndex = 0;
  }

  #onKey(event: KeyboardEvent): void {
    const tile = this.#tileOf(event.target);
    if (tile === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const points = this.#shown.map(({ root }) => ({ left: root.offsetLeft, top: root.offsetTop }));
    const to = reached(event.key, this.#shown.indexOf(tile), points);
    const next = to === undefined ? undefined : this.#shown[to];
    if (next === undefined) return;
    event.preventDefault();
    this.#reach(next);
    next.root.focus();
  }
}

// Makes these the children, and touches nothing when they are already.
function place(parent: HTMLElement, children: Element[]): void {
  const same =
    parent.childElementCount === children.length &&
    children.every((child, at) => parent.children[at] === child);
  if (!same) parent.replaceChildren(...children);
}
