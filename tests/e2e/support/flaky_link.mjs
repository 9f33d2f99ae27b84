// A TCP connection that can be broken: it stands between a page and its server, for HTTP and
// signalling, or between a server and its broker.

import { connect, createServer } from "node:net";

// Listens on a port of its own, or that `at` names with its address, and passes everything on to
// `server`, which has an httpPort, until the test ends.
export async function startFlakyLink(t, server, at = {}) {
  const link = new FlakyLink(server.httpPort, at);
  await link.open();
  t.after(() => link.cut());
  return link;
}

class FlakyLink {
  #to;
  #address;
  #port;
  #listener;
  #sockets = new Set();
  #silent = false;

  constructor(to, { address = "127.0.0.1", port = 0 }) {
    this.#to = to;
    this.#address = address;
    this.#port = port;
  }

  get port() {
    return this.#port;
  }

  get url() {
    return `http://${this.#address}:${this.#port}`;
  }

  // Takes connections, at the same port as before.
  async open() {
    this.#silent = false;
    this.#listener = createServer((socket) => this.#carry(socket));
    await new Promise((resolve, reject) => {
      this.#listener.once("error", reject).listen(this.#port, this.#address, resolve);
    });
    this.#port = this.#listener.address().port;
  }

  // What connects from here on comes to this server.
  lead(server) {
    this.#to = server.httpPort;
  }

  // Breaks every connection and refuses new ones.
  async cut() {
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  // Carries nothing any more on the connections that there are, and tells nobody.
  freeze() {
    for (const socket of this.#sockets)
      socket
        .unpipe()
        .removeAllListeners("end")
        .on("data", () => {});
  }

  // As freeze(), and new connections are taken but not carried either: until cut() and open().
  silence() {
    this.#silent = true;
    this.freeze();
  }

  #carry(near) {
    if (this.#silent) {
      this.#sockets.add(near.on("error", () => {}));
      return;
    }
    const far = connect(this.#to, "127.0.0.1");
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ]) {
      this.#sockets.add(socket);
      socket.pipe(other);
      socket.on("error", () => {}); // what follows says enough
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
