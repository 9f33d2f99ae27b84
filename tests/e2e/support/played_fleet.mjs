// Servers as the broker knows them, and no more: they beat, open rooms, drain as they are told, and
// say who is where. A thousand of them are one process with one connection.

import { createRequire } from "node:module";

const example = new URL("../../../examples/api-node/parley.mjs", import.meta.url);
const amqp = createRequire(example)("amqplib");

const beatMs = 1000;
const slices = 10; // of a second, in each of which a part of them beats
const perPeer = 0.008; // cores
const created = "2026-11-21T11:12:13.456789Z";

// Random numbers that are the same every time.
function random(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

export class PlayedServer {
  number = 0;
  state = "up";
  silent = false; // it does not beat
  drainLeftMs = undefined;
  rooms = new Map(); // id -> { peers: [{ peer, name }], epoch, overflow: [server id], options }
  #told = new Map();
  #wanted = false; // all of its rooms, in the next beat

  // `loads`: of each worker, 0 to 1; null: it does not run.
  constructor(id, { region = "", loads = [0, 0, 0, 0], version = "0.1.0" } = {}) {
    Object.assign(this, { id, region, loads, version, incarnation: Date.now() * 1000 });
  }

  // `names`: of who is in it.
  addRoom(room, names, overflow = []) {
    const peers = names.map((name) => ({ peer: name.toLowerCase().replaceAll(" ", "-"), name }));
    this.rooms.set(room, { peers, epoch: 1, overflow, options: {} });
    return this;
  }

  get people() {
    return [...this.rooms.values()].reduce((sum, { peers }) => sum + peers.length, 0);
  }

  beat() {
    this.number += 1;
    const whole = this.number === 1 || this.#wanted;
    this.#wanted = false;
    const reports = [...this.rooms].map(([room, known]) => report(room, known));
    const now = new Map(reports.map((one) => [one.room, JSON.stringify(one)]));
    const isNew = ({ room }) => now.get(room) !== this.#told.get(room);
    const rooms = whole ? reports : reports.filter(isNew);
    const closed = whole ? [] : [...this.#told.keys()].filter((room) => !now.has(room));
    this.#told = now;
    const { id, incarnation, number, region, version, state, loads, drainLeftMs } = this;
    const runs = loads.filter((load) => load !== null);
    const load = {
      capacity: runs.length * 0.8,
      used: runs.reduce((sum, one) => sum + one, 0),
      perPeer,
      workers: runs.length,
      peers: this.people,
      mostRooms: 0,
      mostPeers: 0,
      overloaded: false,
      each: loads,
    };
    const signalling = `wss://${id}.example/`;
    const beat = { server: id, incarnation, number, region, version, signalling };
    return { ...beat, link: "", linkKey: "", state, load, whole, rooms, closed, drainLeftMs };
  }

  // The data of the answer to a command.
  execute(command) {
    switch (command.type) {
      case "room.open":
        this.rooms.set(command.room, { peers: [], overflow: [], ...command });
        return this.place(command.room);
      case "room.get":
        return this.place(command.room);
      case "server.drain":
        this.state = "draining";
        this.drainLeftMs = command.deadline === undefined ? undefined : command.deadline * 1000;
        return null;
      case "server.undrain":
        this.state = "up";
        this.drainLeftMs = undefined;
        return null;
      case "room.release":
        this.rooms.delete(command.room);
        return null;
      case "beat.wanted":
        this.#wanted = true;
        return null;
      case "peer.find":
        return { peers: this.find(command) };
      default:
        return null;
    }
  }

  place(room) {
    const { peers, epoch } = this.rooms.get(room);
    const signalling = `wss://${this.id}.example/`;
    return { room, home: this.id, epoch, signalling, peers: peers.length, created, options: {} };
  }

  find({ room: wanted = "", peer: who = "", limit = 100 }) {
    const found = [];
    for (const [room, { peers, overflow }] of this.rooms) {
      if (wanted !== "" && room !== wanted) continue;
      peers.forEach(({ peer, name }, at) => {
        if (peer !== who && !name.toLowerCase().includes(who.toLowerCase())) return;
        const lender = at % 3 === 2 ? overflow[0] : undefined;
        const worker = lender === undefined ? at % this.loads.length : undefined;
        const way = { room, peer, name, server: this.id, worker, lender };
        found.push({ ...way, joined: true, connected: true, since: created });
      });
    }
    return found.slice(0, limit);
  }
}

function report(room, { peers, epoch, overflow, options }) {
  const some = overflow.length === 0 ? {} : { overflow };
  return { room, epoch, peers: peers.length, created, options: options ?? {}, ...some };
}

// `count` servers with rooms and people in them, in three regions; some stand out: one drains, one
// is all but full, one lends a worker to a room of another.
export function ordinaryFleet(count, seed = 1) {
  const next = random(seed);
  const regions = ["eu-west", "us-east", "ap-south"];
  const names = ["Ada", "Bob", "Carol", "Dan", "Eve", "Finn", "Gus", "Hana"];
  const servers = Array.from({ length: count }, (_, at) => {
    const region = regions[at % regions.length];
    const base = 0.1 + 0.5 * next();
    const loads = Array.from({ length: 8 }, () => Math.min(1, base * (0.6 + 0.8 * next())));
    const id = `${region}-${String(at + 1).padStart(4, "0")}`;
    const server = new PlayedServer(id, { region, loads });
    for (let room = 0; room < 3 + at % 4; room++) {
      const people = names.slice(0, 2 + Math.floor(6 * next()));
      server.addRoom(`room-${at + 1}-${room + 1}`, people.map((name) => `${name} ${at + 1}`));
    }
    return server;
  });
  return servers;
}

// Lets them beat until the test `t` ends, once the first of their beats is on its way. `wander`: by
// how much the load of each worker may change from beat to beat.
export async function playFleet(t, { broker, servers, wander = 0 }) {
  const connection = await amqp.connect(broker);
  connection.on("error", () => {}); // the broker may end before the test does
  const channel = await connection.createChannel();
  await channel.assertExchange("parley.load", "topic", { durable: true });
  await channel.assertExchange("parley.commands", "direct", { durable: true });
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const byKey = new Map(servers.map((server) => [`server.${server.id}`, server]));
  for (const key of byKey.keys()) await channel.bindQueue(queue, "parley.commands", key);
  const onCommand = (message) => {
    if (message === null) return;
    const data = byKey.get(message.fields.routingKey).execute(JSON.parse(message.content));
    const { replyTo, correlationId } = message.properties;
    if (replyTo === undefined) return;
    const answer = Buffer.from(JSON.stringify({ ok: true, data }));
    channel.sendToQueue(replyTo, answer, { correlationId });
  };
  await channel.consume(queue, onCommand, { noAck: true });

  const next = random(7);
  const beat = (server) => {
    if (server.silent) return;
    if (wander > 0) {
      const step = (load) => Math.min(0.99, Math.max(0.01, load + wander * (next() - 0.5)));
      server.loads = server.loads.map((load) => (load === null ? null : step(load)));
    }
    const body = Buffer.from(JSON.stringify(server.beat()));
    channel.publish("parley.load", `load.${server.id}`, body);
  };
  servers.forEach(beat);
  let slice = 0;
  const timer = setInterval(() => {
    servers.forEach((server, at) => {
      if (at % slices === slice) beat(server);
    });
    slice = (slice + 1) % slices;
  }, beatMs / slices);
  connection.on("close", () => clearInterval(timer));
  t.after(() => {
    clearInterval(timer);
    connection.connection.stream.destroy();
  });
}
