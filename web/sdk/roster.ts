// Who is in the room. What the server says goes in; what is different comes out.

import { list, record } from "./signalling/message.js";

export interface Person {
  id: string;
  displayName: string;
  device: unknown; // as that client described itself
}

export type Change =
  | { type: "joined" | "changed"; person: Person }
  | { type: "left"; person: Person };

// Undefined when it names nobody.
export function parsePerson(data: unknown): Person | undefined {
  const { id, displayName, device } = record(data);
  if (typeof id !== "string" || id === "") return undefined;
  return { id, displayName: typeof displayName === "string" ? displayName : "", device };
}

export class Roster {
  #people = new Map<string, Person>();

  get people(): ReadonlyMap<string, Person> {
    return this.#people;
  }

  // After a whole new join, and after a `sync`: those who stayed are not told to have left.
  onAll(data: unknown): Change[] {
    const people = list(data).map(parsePerson).filter((p) => !!p);
    const present = new Set(people.map((person) => person.id));
    const gone = [...this.#people.keys()].filter((id) => !present.has(id));
    return [...gone.flatMap((id) => this.onClosed(id)), ...people.flatMap((p) => this.onNew(p))];
  }

  onNew(person: Person): Change[] {
    const known = this.#people.get(person.id);
    this.#people.set(person.id, person);
    if (known === undefined) return [{ type: "joined", person }];
    return known.displayName === person.displayName ? [] : [{ type: "changed", person }];
  }

  onRenamed(id: string, displayName: string): Change[] {
    const known = this.#people.get(id);
    return known === undefined ? [] : this.onNew({ ...known, displayName });
  }

  onClosed(id: string): Change[] {
    const person = this.#people.get(id);
    this.#people.delete(id);
    return person === undefined ? [] : [{ type: "left", person }];
  }
}
