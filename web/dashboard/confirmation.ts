// Asks before a server is drained or given rooms again, and says what will happen.

import { byId } from "../room/elements.js";
import { type Api, Refused } from "./api.js";
import type { Fleet, Server } from "./fleet.js";
import { cores, count, peopleText, refusalText } from "./words.js";

export interface Question {
  title: string;
  text: string;
  warning: string; // "": none
  action: string;
}

export function drainQuestion(server: Server, freeCores: number): Question {
  const load = (server.capacity * server.predicted) / 100;
  const tight = server.rooms > 0 && load > freeCores;
  const rooms = `${count(server.rooms, "room")} with ${peopleText(server.people)}`;
  return {
    title: `Drain ${server.id}?`,
    text:
      server.rooms === 0
        ? "It gets no new rooms, and has none now."
        : `It gets no new rooms. ${rooms} are opened on other servers, those with the fewest people first; whoever is in them joins there without doing anything. It can be taken back until the server is stopped.`,
    warning: tight
      ? `The others may not have the place: they have ${cores(freeCores)} cores left, and this one uses ${cores(load)}.`
      : "",
    action: "Drain",
  };
}

export function undrainQuestion(server: Server): Question {
  return {
    title: `Take ${server.id} back?`,
    text: "It gets rooms again. Those that have moved already stay where they are.",
    warning: "",
    action: "Undrain",
  };
}

export class Confirmation {
  readonly #dialog = byId<HTMLDialogElement>("confirm");
  readonly #do = byId<HTMLButtonElement>("confirm-do");
  readonly #deadline = byId<HTMLSelectElement>("deadline");
  readonly #status = byId("confirm-status");
  #act: () => Promise<unknown> = async () => {};

  // `onDone`: it was accepted.
  constructor(
    private readonly fleet: Fleet,
    private readonly api: Api,
    private readonly onDone: () => void,
  ) {
    byId("confirm-cancel").onclick = () => this.#dialog.close();
    byId<HTMLFormElement>("confirm-form").onsubmit = (event) => {
      event.preventDefault();
      void this.#submit();
    };
  }

  drain(server: Server): void {
    this.#ask(drainQuestion(server, this.fleet.freeCores(server)), server.rooms > 0, () => {
      const { value } = this.#deadline;
      return this.api.drain(server.id, value === "" ? undefined : Number(value));
    });
  }

  undrain(server: Server): void {
    this.#ask(undrainQuestion(server), false, () => this.api.undrain(server.id));
  }

  #ask(question: Question, deadline: boolean, act: () => Promise<unknown>): void {
    byId("confirm-title").textContent = question.title;
    byId("confirm-text").textContent = question.text;
    const warning = byId("confirm-warning");
    warning.textContent = question.warning;
    warning.hidden = question.warning === "";
    byId("deadline-field").hidden = !deadline;
    this.#do.textContent = question.action;
    this.#status.textContent = "";
    this.#act = act;
    this.#dialog.showModal();
    byId("confirm-cancel").focus(); // Enter alone drains nobody
  }

  async #submit(): Promise<void> {
    if (this.#do.disabled) return;
    this.#do.disabled = true;
    this.#status.textContent = "";
    try {
      await this.#act();
      this.#dialog.close();
      this.onDone();
    } catch (error) {
      const refused = error instanceof Refused ? error : new Refused(-1, String(error));
      this.#status.textContent = refusalText(refused.status, refused.message);
    }
    this.#do.disabled = false;
  }
}
