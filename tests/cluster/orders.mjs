// Rooms that are asked for over AMQP all the while, whatever is done to the cluster.

import { setInterval } from "node:timers/promises";

const EVERY_MS = 250;
const options = { emptyTimeout: 0, maxPeers: 1 }; // each stays, and is promised little

export class Orders {
  made = []; // ids of rooms
  refused = []; // what was not answered with ok, and why
  slowestMs = 0;
  #stopped = false;
  #done;

  // Asks `app` for one room after the other, from now on.
  constructor(app) {
    this.#done = this.#run(app);
  }

  // Resolves when the last one is answered.
  stop() {
    this.#stopped = true;
    return this.#done;
  }

  async #run(app) {
    for await (const _ of setInterval(EVERY_MS)) {
      if (this.#stopped) return;
      const room = `order-${this.made.length + this.refused.length}`;
      const from = performance.now();
      try {
        await app.ask({ type: "room.create", room, options });
        this.made.push(room);
      } catch (error) {
        this.refused.push(`${room}: ${error.message}`);
      }
      this.slowestMs = Math.max(this.slowestMs, performance.now() - from);
    }
  }
}
