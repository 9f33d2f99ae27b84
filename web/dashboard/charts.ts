// The last hour as three small charts.

import { byId, element } from "../room/elements.js";
import type { Look } from "./fleet.js";
import { cores, timeText, whole } from "./words.js";

const hour = 3_600; // seconds
const spanLeast = 120; // of a service that has just begun to look
const headroom = 1.15; // so that no line hides the end of the axis
const width = 3_600;
const height = 100;
const svg = "http://www.w3.org/2000/svg";

export interface Line {
  words: string;
  style: "fill" | "line" | "dashed" | "dotted";
  of: (look: Look) => number;
}

interface Kind {
  title: string;
  lines: Line[];
  unit: string;
  write: (value: number) => string;
}

const rounded = (value: number) => whole(Math.round(value));
const kinds: Kind[] = [
  {
    title: "Load",
    unit: "cores",
    write: cores,
    lines: [
      { words: "load", style: "fill", of: (look) => look.load },
      { words: "expected", style: "dotted", of: (look) => look.expected },
      { words: "capacity", style: "dashed", of: (look) => look.capacity },
    ],
  },
  {
    title: "People and rooms",
    unit: "",
    write: rounded,
    lines: [
      { words: "people", style: "fill", of: (look) => look.people },
      { words: "rooms", style: "line", of: (look) => look.rooms },
    ],
  },
  {
    title: "Servers",
    unit: "",
    write: rounded,
    lines: [
      { words: "present", style: "fill", of: (look) => look.present },
      { words: "wanted", style: "dashed", of: (look) => look.wanted },
    ],
  },
];

// A round number that is not below: where an axis ends.
export function axisEnd(most: number): number {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  const digit = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((one) => one * power >= most * 0.999) ?? 10;
  return digit * power;
}

// The seconds that a chart shows: an hour, or as long as there is something to show.
export function spanOf(looks: readonly Look[]): number {
  const [first, last] = [looks[0], looks.at(-1)];
  if (first === undefined || last === undefined) return spanLeast;
  return Math.min(hour, Math.max(spanLeast, last.at - first.at));
}

// The data of a path for values at seconds, from `span` before `end` on the left to `end` on the
// right. A time in which nobody looked is no line.
export function trace(
  points: ReadonlyArray<readonly [at: number, value: number]>,
  end: number,
  span: number,
  top: number,
  filled: boolean,
): string {
  let path = "";
  let open: number | undefined; // where the piece began
  let last = -Infinity;
  const x = (at: number) => (width * (1 - (end - at) / span)).toFixed(0);
  const close = () => {
    if (filled && open !== undefined) path += `L${x(last)} ${height}L${x(open)} ${height}z`;
  };
  for (const [at, value] of points) {
    if (at < end - span) continue;
    const y = (height - (height * Math.min(value, top)) / top).toFixed(1);
    if (at - last > 60) {
      close();
      open = at;
      path += `M${x(at)} ${y}h1`; // a dot, if nothing follows
    } else {
      path += `L${x(at)} ${y}`;
    }
    last = at;
  }
  close();
  return path;
}

class Chart {
  readonly root = element("figure", "chart");
  readonly #picture = document.createElementNS(svg, "svg");
  readonly #paths: SVGPathElement[];
  readonly #values: HTMLElement[];
  readonly #top = element("span", "top");
  readonly #begin = element("span", "");

  constructor(private readonly kind: Kind) {
    this.#picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#picture.setAttribute("preserveAspectRatio", "none");
    this.#picture.setAttribute("role", "img");
    this.#paths = kind.lines.map(({ style }) => {
      const path = document.createElementNS(svg, "path");
      path.setAttribute("class", style);
      return path;
    });
    this.#picture.append(...this.#paths);
    this.#values = kind.lines.map(() => element("b", ""));
    const legend = kind.lines.map(({ words, style }, at) =>
      element("span", "", element("i", style), `${words} `, this.#values[at] ?? ""),
    );
    const title = element("h3", "", kind.title);
    const caption = element("figcaption", "", title, element("p", "legend", ...legend));
    const area = element("div", "area");
    area.append(this.#picture, this.#top);
    const axis = element("p", "axis", this.#begin, element("span", "", "now"));
    this.root.append(caption, area, axis);
  }

  show(looks: readonly Look[]): void {
    const { kind } = this;
    const last = looks.at(-1);
    if (last === undefined) return;
    const most = (line: Line) => Math.max(...looks.map(line.of));
    const top = axisEnd(headroom * Math.max(...kind.lines.map(most)));
    this.#top.textContent = `${whole(top)} ${kind.unit}`.trim();
    const span = spanOf(looks);
    this.#begin.textContent = `${timeText(span)} ago`;
    const said: string[] = [];
    kind.lines.forEach((line, at) => {
      const points = looks.map((look) => [look.at, line.of(look)] as const);
      const filled = line.style === "fill";
      this.#paths[at]?.setAttribute("d", trace(points, last.at, span, top, filled));
      const value = kind.write(line.of(last));
      const label = this.#values[at];
      if (label !== undefined) label.textContent = value;
      said.push(`${line.words} ${value}, at most ${kind.write(most(line))}`);
    });
    this.#picture.setAttribute("aria-label", `${kind.title} in the last hour: ${said.join("; ")}`);
  }
}

export class Charts {
  readonly #charts = kinds.map((kind) => new Chart(kind));

  constructor() {
    byId("charts").replaceChildren(...this.#charts.map((chart) => chart.root));
  }

  show(looks: readonly Look[]): void {
    for (const chart of this.#charts) chart.show(looks);
  }
}
