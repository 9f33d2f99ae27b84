// script/cluster --upgrade: a cluster is upgraded while people talk in it, old and new versions
// side by side, whose pipe protocols differ by a minor version. tests/upgrade has the next one;
// with E2E_NEXT=DIRECTORY it is another build, so that E2E_BUILD may be a released one.

import assert from "node:assert/strict";
import { join } from "node:path";
import { build } from "../e2e/support/program.mjs";
import { until } from "../e2e/support/until.mjs";
import { gather } from "./crowd.mjs";
import { Orders } from "./orders.mjs";
import { LARGE, flags as smallFlags, largeOptions } from "./small.mjs";

const other = process.env.E2E_NEXT;
const programs = (directory) => ({
  controller: join(directory, "controller/parley-controller"),
  service: join(directory, "router-service/parley-router-service"),
});
const today = programs(build);
const next = other
  ? programs(other)
  : {
      controller: join(build, "tests/upgrade/parley-controller"),
      service: join(build, "tests/upgrade/parley-router-service"),
    };

const NOISE_MS = 400; // where media goes on: a listener's own machine, short of time
const AGAIN_MS = 5_000; // where people need new transports
const DRAIN_S = 4;
const patience = { ms: 30_000, everyMs: 20 };

// The first is small, so that the room `large` overflows. The others have a region each, in which
// their rooms are made.
export const flags = (i) =>
  i === 1 ? smallFlags(i) : { region: `region-${i}`, "drain-time": `${DRAIN_S}s` };

// One upgrade, step by step: what is done, and what of it is heard.
class Upgrade {
  #say;

  constructor(say, cluster, crowd, orders) {
    this.#say = say;
    Object.assign(this, { cluster, crowd, orders, rooms: [] });
  }

  // Makes a room and lets people into it. Resolves when they hear each other.
  async fill(room, options, people) {
    await this.cluster.createRoom(room, options);
    this.rooms.push(room);
    for (let i = 0; i < people; i++) await this.crowd.enter(room);
    await this.crowd.allHeard(patience);
  }

  // Lets people into `large` until it goes on at another server; gives that server.
  async overflow(home) {
    for (;;) {
      await this.crowd.allHeard(patience);
      const { body } = await home.api("GET", `/v1/rooms/${LARGE}`);
      const lender = this.cluster.servers.find(({ id }) => body.overflow.includes(id));
      if (lender) return lender;
      await this.crowd.enter(LARGE);
    }
  }

  // Does it, and asserts that nobody missed anybody for longer than NOISE_MS, or than AGAIN_MS in
  // the rooms that it touches; that no room was lost or doubled; and that rooms were made.
  async step(name, touched, act) {
    const pairs = { calm: this.#pairs(touched, false), touched: this.#pairs(touched, true) };
    const made = this.orders.made.length;
    const from = performance.now();
    await act();
    await this.#allConnected();
    await this.crowd.allHeard(patience);
    await until("one more room is made", () => this.orders.made.length > made, patience);
    await this.cluster.settles([...this.rooms, ...this.orders.made], patience);
    await this.cluster.whole();
    const to = performance.now();
    const worst = (some) => this.crowd.silences(some, from, to).at(-1) ?? 0;
    const [calm, moved] = [worst(pairs.calm), worst(pairs.touched)];
    const took = `took ${Math.round(to - from)} ms`;
    this.#say(`${name}: ${took}, silent for ${calm} ms, where it moved ${moved} ms`);
    assert(calm <= NOISE_MS, `${name}: a silence of ${calm} ms`);
    assert(moved <= AGAIN_MS, `${name}: a silence of ${moved} ms in ${touched.join(", ")}`);
    assert.deepEqual(this.crowd.strays(), [], name);
    assert.deepEqual(this.orders.refused, [], name);
  }

  // Waits until everybody's signalling is back: until then the next step would be a second fault.
  #allConnected() {
    return until(
      "all are connected",
      async () => {
        for (const room of this.rooms) {
          const home = await this.cluster.homeOf(room);
          const { body } = await home.api("GET", `/v1/rooms/${room}`);
          if (!body.peers.every(({ connected }) => connected)) return false;
        }
        return true;
      },
      patience,
    );
  }

  #pairs(touched, which) {
    return this.crowd.pairs(this.rooms.filter((room) => touched.includes(room) === which));
  }

  // The rooms with people in them that a server is the home of, or lends a worker to.
  async roomsOn(server) {
    const homes = await Promise.all(this.rooms.map((room) => this.cluster.homeOf(room)));
    const shown = homes.map((home, i) => home.api("GET", `/v1/rooms/${this.rooms[i]}`));
    const bodies = (await Promise.all(shown)).map(({ body }) => body);
    return this.rooms.filter(
      (_, i) => homes[i] === server || bodies[i].overflow.includes(server.id),
    );
  }
}

// In place: only the controller is another one; it finds its workers and goes on with them.
async function replaceController(server, { controller }) {
  await server.kill();
  server.become(controller);
  await server.start();
}

// Its worker dies, and the controller starts the one beside itself.
async function replaceWorker(server) {
  const [{ pid }] = await server.workers();
  process.kill(pid, "SIGKILL");
  await until(
    `${server.id} has another worker`,
    async () => {
      const { body } = await server.api("GET", "/v1/workers");
      return body.workers[0].pid !== pid && body.workers[0].state === "running";
    },
    patience,
  );
}

async function replaceService(cluster, service) {
  await service.stop();
  service.become(next.service);
  await service.start();
  await cluster.activeService();
}

// What a drained server leaves behind is taken over by one of the next version, with its id.
async function startNext(server) {
  await until(`${server.id} has ended`, () => !server.runs, patience);
  server.become(next.controller);
  await server.start();
}

// Drained by SIGTERM, as systemd does it.
async function replaceBySignal(server) {
  process.kill(server.pid, "SIGTERM");
  await startNext(server);
}

// Drained by command, as the dashboard does it; ended when it is empty.
async function replaceByCommand(cluster, server) {
  await cluster.app.ask({ type: "server.drain", server: server.id, deadline: DRAIN_S });
  await until(
    `${server.id} is drained`,
    async () => {
      const { body } = await (await cluster.activeService()).api("GET", "/v1/servers");
      return body.servers.find((place) => place.server === server.id).state === "drained";
    },
    patience,
  );
  process.kill(server.pid, "SIGINT");
  await startNext(server);
}

// Which minor version of the pipe a controller and its first worker speak, and what the programs of
// tests/upgrade found of each other: [controller, worker, evidence].
async function pair(server) {
  const { body } = await server.api("GET", "/v1/workers");
  const [worker] = body.workers;
  const minor = (version) => Number(version?.split(".")[1]);
  const evidence = Object.keys(worker.drops).filter((drop) => drop.startsWith("next_"));
  return [minor(body.pipeVersion), minor(worker.pipeVersion), evidence.sort()];
}

const SAID = ["next_overheard_said"];
const REFUSED = ["next_remark_not_supported"];
const BOTH = ["next_field_read", "next_overheard", ...SAID, "next_remark_answered"];

// Waits until a server is such a pair: how much later than the old build each of them is, 0 or 1.
// What another build than ours speaks is for people to see.
async function speaks(say, server, old, controller, worker) {
  const evidence = controller && worker ? BOTH : controller ? REFUSED : worker ? SAID : [];
  const wanted = [old + controller, old + worker, evidence];
  const seen = await until(
    `${server.id} has a controller and a worker of ${JSON.stringify(wanted)}`,
    async () => {
      const seen = await pair(server);
      if (!other) assert.deepEqual(seen, wanted);
      return seen;
    },
    patience,
  );
  say(`${server.id}: controller, worker: ${JSON.stringify(seen)}`);
}

// Upgrades `cluster`, made with these `flags`, step by step, one of them back and forth. Says how
// it went to `say`; throws when it did not go well.
export async function upgrade(t, cluster, say) {
  const orders = new Orders(cluster.app);
  try {
    await upgradeAll(t, cluster, orders, say);
  } finally {
    await orders.stop();
    await Promise.all(cluster.servers.map(endAtOnce));
  }
}

async function upgradeAll(t, cluster, orders, say) {
  const crowd = await gather(t, { api: cluster.api, rooms: [], perRoom: 0, more: 14 });
  const play = new Upgrade(say, cluster, crowd, orders);
  const [home] = cluster.servers;
  const [old] = await pair(home);
  await play.fill("talk-2", { region: "region-2" }, 2);
  await play.fill("talk-3", { region: "region-3" }, 2);
  await play.fill(LARGE, largeOptions, 3);
  const first = await play.overflow(home);
  const second = cluster.servers.find((server) => server !== home && server !== first);

  for (const service of cluster.services) {
    await play.step("router-service", [], () => replaceService(cluster, service));
  }

  await play.step("in place", [], () => replaceController(home, next));
  await speaks(say, home, old, 1, 0);
  await play.step("its worker dies", [LARGE], async () => {
    await replaceWorker(home);
    await speaks(say, home, old, 1, 1);
  });
  await play.step("rolled back in place", [], () => replaceController(home, today));
  await speaks(say, home, old, 0, 1);

  // The home is of the old version: a new lender, then none but new ones.
  await play.step("drained by SIGTERM", await play.roomsOn(first), () =>
    replaceBySignal(first),
  );
  await speaks(say, first, old, 1, 1);
  await play.step("drained by command", await play.roomsOn(second), () =>
    replaceByCommand(cluster, second),
  );
  await speaks(say, second, old, 1, 1);
  await play.overflow(home);
  await play.step("in place again", [], () => replaceController(home, next));
  await speaks(say, home, old, 1, 1);

  for (const i of [2, 3]) {
    const server = cluster.servers[i - 1];
    await play.fill(`again-${i}`, { region: `region-${i}` }, 2);
    assert.equal(await cluster.homeOf(`again-${i}`), server, `${server.id} takes rooms again`);
  }
  await orders.stop();
  const { made, slowestMs } = orders;
  say(`${made.length} rooms were made, each within ${Math.round(slowestMs)} ms`);
}

// Without a drain.
async function endAtOnce(server) {
  if (server.runs) process.kill(server.pid, "SIGINT");
  await until(`${server.id} has ended`, () => !server.runs);
}
