// What is known of the fleet: deltas of `GET /v1/fleet` added up. docs/openapi-router-service.yaml.

export interface Server {
  readonly number: number; // never used again for another
  readonly id: string;
  region: string;
  version: string;
  capacity: number; // cores
  workerCount: number;
  standing: Standing;
  used: number; // percent of the capacity
  predicted: number;
  rooms: number;
  people: number;
  workers: string; // a letter each: "0" idle to "z" busy, "-" does not run
  drainLeft: number; // seconds, -1: no deadline
}

export const standings = [
  "eligible",
  "overloaded",
  "full",
  "unknown",
  "draining",
  "drained",
  "stale",
  "lost",
] as const;
export type Standing = (typeof standings)[number];

// At a time: loads and capacity in cores.
export interface Look {
  at: number; // seconds since 1970
  load: number;
  capacity: number;
  expected: number;
  people: number;
  rooms: number;
  present: number;
  wanted: number;
}

export interface Happening {
  number: number;
  at: number;
  level: string;
  text: string;
  server: string;
  room: string;
  times: number;
}

export interface OverflowRoom {
  room: string;
  home: string;
  people: number;
  lenders: string[];
}

export interface Place {
  region: string; // "": a room that wants none
  eligible: number;
  elsewhere: boolean;
  overloaded: boolean;
  overBound: boolean;
  likely: Array<[id: string, load: number, chance: number]>; // percent
}

export interface Next {
  policy: string;
  places: Place[];
  drain: string[];
  homeless: number;
  opening: number;
  disputed: number;
  waiting: number;
}

export interface Scale {
  wanted: number;
  needed: number;
  surplus: number;
  present: number;
  drained: number;
  taking: number;
  load: number;
  expected: number;
  capacity: number;
  known: boolean; // false: not every server was heard yet
}

export interface Replica {
  active: boolean;
  connected: boolean;
  whole: boolean;
}

type Came = [number, string, string, string, number, number];
type Now = [number, Standing, number, number, number, number, string, number];
export interface Answer {
  since: string;
  full: boolean;
  at: string;
  replica: Replica;
  scale: Scale;
  rooms: number;
  next: Next;
  came: Came[];
  now: Now[];
  gone: number[];
  overflow?: { count: number; rooms: Array<[string, string, number, string[]]> };
  trends: Array<[number, number, number, number, number, number, number, number]>;
  happenings: Array<[number, number, string, string, string, string, number]>;
}

export interface Change {
  all: boolean; // everything is new
  changed: Server[];
  members: boolean; // servers came or went, or their regions changed
  happenings: boolean;
}

const looksMost = 361;
const happeningsMost = 300;

export class Fleet {
  readonly servers = new Map<number, Server>();
  since = "";
  at = 0; // ms since 1970, of the service
  replica: Replica = { active: false, connected: false, whole: false };
  scale: Scale | undefined;
  next: Next | undefined;
  rooms = 0;
  looks: Look[] = [];
  happenings: Happening[] = []; // the latest first
  overflowing = 0;
  overflow: OverflowRoom[] = [];

  // Takes over an answer. What it does not say is as it was.
  apply(answer: Answer): Change {
    this.since = ""; // what can not be taken over is asked for anew
    if (answer.full) this.#forget();
    this.at = Date.parse(answer.at);
    this.replica = answer.replica;
    this.scale = answer.scale;
    this.next = answer.next;
    this.rooms = answer.rooms;
    const changed = new Set<Server>();
    for (const came of answer.came) changed.add(this.#came(came));
    for (const now of answer.now) {
      const server = this.#now(now);
      if (server !== undefined) changed.add(server);
    }
    const gone = answer.gone.filter((number) => this.servers.delete(number));
    if (answer.overflow !== undefined) this.#overflow(answer.overflow);
    this.#looks(answer.trends);
    this.#happenings(answer.happenings);
    this.since = answer.since;
    return {
      all: answer.full,
      changed: [...changed],
      members: answer.full || answer.came.length > 0 || gone.length > 0,
      happenings: answer.full || answer.happenings.length > 0,
    };
  }

  find(id: string): Server | undefined {
    for (const server of this.servers.values()) if (server.id === id) return server;
    return undefined;
  }

  // That were heard, and are not lost.
  present(): number {
    let present = 0;
    for (const { standing } of this.servers.values()) present += standing === "lost" ? 0 : 1;
    return present;
  }

  people(): number {
    let people = 0;
    for (const server of this.servers.values()) {
      if (server.standing !== "lost") people += server.people;
    }
    return people;
  }

  // The last hour, and this moment.
  looksUntilNow(): Look[] {
    if (this.scale?.known !== true) return this.looks;
    const { load, capacity, expected, present, wanted } = this.scale;
    const people = this.people();
    const now = { at: Math.floor(this.at / 1_000), people, rooms: this.rooms };
    return [...this.looks, { ...now, load, capacity, expected, present, wanted }];
  }

  // Cores that the servers that take rooms have left, apart from one.
  freeCores(except: Server): number {
    let free = 0;
    for (const server of this.servers.values()) {
      const takes = server.standing === "eligible" || server.standing === "overloaded";
      if (!takes || server === except) continue;
      free += Math.max(0, server.capacity * (1 - server.predicted / 100));
    }
    return free;
  }

  #forget(): void {
    this.servers.clear();
    this.looks = [];
    this.happenings = [];
    this.overflow = [];
    this.overflowing = 0;
  }

  #came([number, id, region, version, capacity, workerCount]: Came): Server {
    const facts = { region, version, capacity, workerCount };
    const known = this.servers.get(number);
    if (known !== undefined) return Object.assign(known, facts);
    const state = { used: 0, predicted: 0, rooms: 0, people: 0, workers: "", drainLeft: -1 };
    const server: Server = { number, id, ...facts, standing: "unknown", ...state };
    this.servers.set(number, server);
    return server;
  }

  #now([number, standing, used, predicted, rooms, people, workers, drainLeft]: Now) {
    const server = this.servers.get(number);
    if (server === undefined) return undefined;
    return Object.assign(server, { standing, used, predicted, rooms, people, workers, drainLeft });
  }

  #overflow({ count, rooms }: NonNullable<Answer["overflow"]>): void {
    this.overflowing = count;
    this.overflow = rooms.map(([room, home, people, lenders]) => ({ room, home, people, lenders }));
  }

  #looks(trends: Answer["trends"]): void {
    for (const [at, load, capacity, expected, people, rooms, present, wanted] of trends) {
      this.looks.push({ at, load, capacity, expected, people, rooms, present, wanted });
    }
    this.looks.splice(0, this.looks.length - looksMost);
  }

  #happenings(told: Answer["happenings"]): void {
    for (const [number, at, level, text, server, room, times] of told) {
      const happening = { number, at, level, text, server, room, times };
      const known = this.happenings.findIndex((one) => one.number === number);
      if (known >= 0) this.happenings.splice(known, 1);
      this.happenings.push(happening);
    }
    this.happenings.sort((a, b) => b.at - a.at || b.number - a.number);
    this.happenings.length = Math.min(this.happenings.length, happeningsMost);
  }
}
