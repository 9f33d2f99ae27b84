// A whole cluster on this machine: RabbitMQ, two router-services, servers, a load balancer in front
// of them, and the example API. For script/cluster, for its --check, and for tests.

import { Parley } from "../../examples/api-node/parley.mjs";
import { startBalancer } from "../e2e/support/balancer.mjs";
import { startExampleApi } from "../e2e/support/example_api.mjs";
import { startFlakyLink } from "../e2e/support/flaky_link.mjs";
import { startRabbitMq } from "../e2e/support/rabbitmq.mjs";
import { startRouterService } from "../e2e/support/router_service.mjs";
import { startServer } from "../e2e/support/server.mjs";
import { until } from "../e2e/support/until.mjs";

const tokenKey = "cluster:HS256:0123456789abcdef0123456789abcdef";
const pageMost = 1000;

// Starts it, ready when this returns; it ends with `t`, a test or an Owner. `servers`: how many;
// `ports`: { page, api } of what people open, any free ones if left out; `say(text)` is told how
// far it is; `flags(i)`: more flags of server i, from 1.
export async function startCluster(t, options = {}) {
  const { servers: count = 3, ports = {}, say = () => {}, flags = () => ({}) } = options;
  say("RabbitMQ starts");
  const broker = await startRabbitMq(t);
  say("router-services and servers start");
  const servers = [];
  const balancer = await startBalancer(t, servers, { port: ports.page });
  const page = balancer.url;
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  const [services, members] = await Promise.all([
    Promise.all([1, 2].map(() => startRouterService(t, { broker: broker.url }))),
    Promise.all(numbers.map((i) => startMember(t, `server-${i}`, page, broker.url, flags(i)))),
  ]);
  servers.push(...members);
  say("the example API starts");
  const api = await startExampleApi(t, { broker: broker.url, page, port: ports.api });
  const app = new Parley(broker.url);
  t.after(() => app.close());
  await app.start();
  const cluster = new Cluster({ broker, services, servers, balancer, api, app });
  await cluster.whole();
  return cluster;
}

// A server with the members `id`, and `cable`: its connection to the broker, which can be cut.
// `publicUrl`: what clients are told to connect to; `more`: flags.
async function startMember(t, id, publicUrl, brokerUrl, more) {
  const url = new URL(brokerUrl);
  const cable = await startFlakyLink(t, { httpPort: Number(url.port) });
  url.port = String(cable.port);
  const flags = { broker: url.href, "server-id": id, "public-url": publicUrl, ...more };
  const args = Object.entries({ ...flags, "token-key": tokenKey });
  const given = args.flatMap(([key, value]) => [`--${key}`, value]);
  const server = await startServer(t, { args: given });
  return Object.assign(server, { id, cable });
}

class Cluster {
  // The parts: see the files that they come from.
  constructor(parts) {
    Object.assign(this, parts);
  }

  // Where the voice room is, for everybody.
  get url() {
    return this.balancer.url;
  }

  // The router-service that commands are delivered to.
  activeService() {
    return until("a router-service is active", async () => {
      for (const service of this.services) if (await service.isActive()) return service;
      return undefined;
    });
  }

  // Waits until every process is ready, and every server known.
  async whole() {
    await until(
      "the cluster is whole",
      async () => {
        for (const one of [...this.services, ...this.servers]) {
          if (!(await fetch(`${one.url}/readyz`)).ok) return false;
        }
        const service = await this.activeService();
        const { body } = await service.api("GET", "/v1/servers");
        const up = body.servers.filter(({ state, standing }) => (standing ?? state) === "up");
        return up.length === this.servers.length;
      },
      { ms: 60_000 },
    );
  }

  // Makes a room that stays when it is empty, over AMQP; asks again until it is answered.
  createRoom(room, options = {}) {
    const command = { type: "room.create", room, options: { emptyTimeout: 0, ...options } };
    return until(`${room} is made`, () => this.app.ask(command), { ms: 60_000 });
  }

  // The home of a room, as the active router-service has it: one of `servers`.
  async homeOf(room) {
    const service = await this.activeService();
    const { body } = await service.api("GET", `/v1/rooms/${room}/why`);
    return this.servers.find(({ id }) => id === body.home);
  }

  // Waits until every one of these rooms has one home.
  settles(rooms, options) {
    return until(
      "every room has one home",
      async () => {
        const { lost, doubled } = await this.census(rooms);
        if (lost.length + doubled.length > 0) throw new Error(JSON.stringify({ lost, doubled }));
        return true;
      },
      options,
    );
  }

  // How it stands with these rooms, by what the servers and the active router-service say over
  // HTTP: { lost, doubled }, ids. Lost is also what has a home that knows nothing of it.
  async census(rooms) {
    const homes = new Map(rooms.map((room) => [room, []]));
    for (const server of this.servers.filter(({ runs }) => runs)) {
      for (const { id, home } of await list(server)) {
        if (home === undefined || home === server.id) homes.get(id)?.push(server.id);
      }
    }
    const places = await list(await this.activeService());
    const home = new Map(places.map(({ room, home }) => [room, home]));
    return {
      lost: rooms.filter((room) => !homes.get(room).includes(home.get(room))),
      doubled: rooms.filter((room) => homes.get(room).length > 1),
    };
  }
}

// All rooms that one process has.
async function list(of) {
  const rooms = [];
  let after = "";
  for (;;) {
    const { body } = await of.api("GET", `/v1/rooms?limit=${pageMost}&after=${after}`);
    rooms.push(...body.rooms);
    if (!body.next) return rooms;
    after = encodeURIComponent(body.next);
  }
}
