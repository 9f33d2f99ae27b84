// One address for many servers: a load balancer in front of them, for TCP, as nginx or a cloud's.

import { connect, createServer } from "node:net";

// Listens on `port`, or any free one, until the test ends. Each connection goes to the next one of
// `servers`, which have an httpPort, that takes it.
export async function startBalancer(t, servers, { port = 0 } = {}) {
  const balancer = new Balancer(servers);
  await balancer.open(port);
  t.after(() => balancer.close());
  return balancer;
}

class Balancer {
  #servers;
  #next = 0;
  #sockets = new Set();
  #listener = createServer((near) => {
    near.on("error", () => {}); // "close" follows
    this.#carry(near, this.#servers.length);
  });

  constructor(servers) {
    this.#servers = servers;
  }

  get url() {
    return `http://127.0.0.1:${this.#listener.address().port}`;
  }

  open(port) {
    return new Promise((resolve, reject) => {
      this.#listener.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
  }

  async close() {
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  // `left`: how many servers may still be tried.
  #carry(near, left) {
    if (left === 0 || near.destroyed) return void near.destroy();
    const server = this.#servers[this.#next++ % this.#servers.length];
    const far = connect(server.httpPort, "127.0.0.1");
    const next = () => this.#carry(near, left - 1);
    far.once("error", next);
    far.once("connect", () => {
      far.off("error", next).on("error", () => {});
      this.#join(near, far);
    });
  }

  // Either end that is lost takes the other with it.
  #join(near, far) {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ]) {
      this.#sockets.add(socket);
      socket.pipe(other);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
