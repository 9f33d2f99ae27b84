// What a check does to a cluster while people talk.

import { until } from "../e2e/support/until.mjs";
import { LARGE } from "./small.mjs";

const NOISE_MS = 400; // a listener's own machine, short of time
const AGAIN_MS = 5_000; // from a lost home to voices again
const patience = { ms: 60_000 };

// Each has
//   most: how long the people that it touches may hear nothing of each other, in ms;
//   touches(cluster, rooms, victim): which of the rooms, all if left out;
//   pick(cluster, rooms): the victim;
//   strike(cluster, victim, crowd): does it, and waits until the cluster has got over it;
//   mend(cluster, victim): what an operator does afterwards, if anything.
export const faults = {
  // People come into a room until it no longer fits its server, and two more: those who are in
  // hear no difference.
  overflow: {
    most: NOISE_MS,
    touches: () => [LARGE],
    pick: (cluster) => cluster.homeOf(LARGE),
    strike: async (cluster, home, crowd) => {
      for (;;) {
        await crowd.enter(LARGE);
        const { body } = await home.api("GET", `/v1/rooms/${LARGE}`);
        if (body.overflow.length > 0) break;
      }
      for (let i = 0; i < 2; i++) await crowd.enter(LARGE);
    },
  },

  // The controller alone, of the room that has overflowed: workers forward on, its own and the one
  // that is lent, and the next one finds them.
  "kill-controller": {
    most: NOISE_MS,
    pick: (cluster) => cluster.homeOf(LARGE),
    strike: async (cluster, home) => {
      await home.kill();
      await home.start();
    },
  },

  "kill-router-service": {
    most: NOISE_MS,
    pick: (cluster) => cluster.activeService(),
    strike: async (cluster, service) => {
      await service.kill();
      await cluster.activeService();
    },
    mend: (cluster, service) => service.start(),
  },

  "kill-broker": {
    most: NOISE_MS,
    pick: (cluster) => cluster.broker,
    strike: async (cluster, broker) => {
      await broker.kill();
      await broker.start();
      await cluster.whole();
    },
  },

  // A server without its broker, for longer than it takes to be given up. Its rooms are given
  // another home, and it gives them up when it hears of that.
  partition: {
    most: NOISE_MS,
    touches: roomsOf,
    pick: busiestHome,
    strike: async (cluster, home) => {
      const [room] = await roomsOf(cluster, cluster.rooms, home);
      home.cable.silence();
      await until(
        `${room} has another home`,
        async () => (await cluster.homeOf(room)) !== home,
        patience,
      );
      await home.cable.cut();
      await home.cable.open();
    },
  },

  // The controller and its workers, as a machine that is lost; with the room that overflows.
  "kill-home": {
    most: AGAIN_MS,
    touches: roomsOf,
    pick: (cluster) => cluster.homeOf(LARGE),
    strike: (cluster, home) => home.crash(),
    mend: (cluster, home) => home.start(),
  },
};

async function roomsOf(cluster, rooms, server) {
  const homes = await Promise.all(rooms.map((room) => cluster.homeOf(room)));
  return rooms.filter((_, i) => homes[i] === server);
}

// The server that is the home of most of these rooms.
async function busiestHome(cluster, rooms) {
  const counts = await Promise.all(
    cluster.servers.map(async (server) => (await roomsOf(cluster, rooms, server)).length),
  );
  return cluster.servers[counts.indexOf(Math.max(...counts))];
}
