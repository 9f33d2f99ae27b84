// Elements of index.html, by id.

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element as T;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className: string,
  ...children: Array<Node | string>
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}

const svg = "http://www.w3.org/2000/svg";

// One of the symbols of index.html.
export function icon(id: string): SVGSVGElement {
  const made = document.createElementNS(svg, "svg");
  made.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(svg, "use");
  use.setAttribute("href", `#${id}`);
  made.append(use);
  return made;
}

export function setIcon(button: HTMLElement, id: string): void {
  button.querySelector("use")?.setAttribute("href", `#${id}`);
}

// Fills a list of devices and chooses the current one.
export function fillDevices(
  select: HTMLSelectElement,
  devices: ReadonlyArray<{ id: string; label: string }>,
  kind: string,
  current: string,
): void {
  const options = devices.map(({ id, label }, i) => new Option(label || `${kind} ${i + 1}`, id));
  if (options.length === 0) options.push(new Option(`Default ${kind.toLowerCase()}`, ""));
  select.replaceChildren(...options);
  if (devices.some(({ id }) => id === current)) select.value = current;
}

// Reads and writes what the page remembers; a browser that forbids it forgets.
export const memory = {
  get(key: string): string {
    try {
      return localStorage.getItem(`parley.${key}`) ?? "";
    } catch {
      return "";
    }
  },
  set(key: string, value: string): void {
    try {
      localStorage.setItem(`parley.${key}`, value);
    } catch {
      // Then not.
    }
  },
};
