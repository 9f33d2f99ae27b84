// What is known of one server, one room or one person, beside the fleet.

import { byId, element } from "../room/elements.js";
import { Refused } from "./api.js";
import { refusalText } from "./words.js";

// What a sheet shows: made anew each time it is looked at again.
export interface Page {
  title: string;
  load(): Promise<HTMLElement[]>;
  again: boolean; // while it is open
}

export class Sheet {
  readonly #dialog = byId<HTMLDialogElement>("sheet");
  readonly #title = byId("sheet-title");
  readonly #body = byId("sheet-body");
  #page: Page | undefined;
  #written = "";

  constructor() {
    byId("sheet-close").onclick = () => this.#dialog.close();
    this.#dialog.onclose = () => (this.#page = undefined);
    // A click beside it closes it.
    this.#dialog.onclick = (event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    };
  }

  get isOpen(): boolean {
    return this.#page !== undefined;
  }

  open(page: Page): void {
    this.#page = page;
    this.#written = "";
    this.#title.textContent = page.title;
    this.#body.replaceChildren(element("p", "hint", "Asking…"));
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#dialog.scrollTop = 0;
    this.#title.focus();
    void this.#load(page);
  }

  // Shows what there is now, if that may be different.
  refresh(): void {
    if (this.#page?.again === true) void this.#load(this.#page);
  }

  async #load(page: Page): Promise<void> {
    let parts: HTMLElement[];
    try {
      parts = await page.load();
    } catch (error) {
      const refused = error instanceof Refused ? error : new Refused(-1, String(error));
      parts = [element("p", "trouble", refusalText(refused.status, refused.message))];
    }
    if (this.#page !== page) return; // another is open by now
    const made = element("div", "", ...parts);
    if (made.innerHTML === this.#written) return;
    this.#written = made.innerHTML;
    const focused = this.#body.contains(document.activeElement);
    const label = focused ? document.activeElement?.textContent : undefined;
    this.#body.replaceChildren(...made.childNodes);
    if (label === undefined) return;
    const buttons = [...this.#body.querySelectorAll("button")];
    buttons.find((button) => button.textContent === label)?.focus();
  }
}
