// Ports that are free at this moment; the tests have a network of their own, so they stay free.

import { createSocket } from "node:dgram";
import { createServer } from "node:net";

export function freeTcpPort(wanted = 0) {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(wanted, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// `port` if it is free, else another one.
export function freeOr(port) {
  return freeTcpPort(port).catch(() => freeTcpPort());
}

// For a worker, which takes the TCP port of the same number as well.
export async function freeUdpPort() {
  for (;;) {
    const port = await udpPort();
    if ((await freeOr(port)) === port) return port;
  }
}

function udpPort() {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4").once("error", reject);
    socket.bind(0, "0.0.0.0", () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}
