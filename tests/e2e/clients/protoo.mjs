// The signalling of docs/signalling.md for clients that are no browsers.

import { EventEmitter } from "node:events";
import { WebSocket } from "ws";

// Connects as a peer; `onRequest(method, data)` answers what the server asks. Closed when the test
// ends.
export async function connectProtoo(t, server, room, peer, onRequest) {
  const query = new URLSearchParams({ roomId: room, peerId: peer });
  const address = `${server.url.replace("http", "ws")}/?${query}`;
  const socket = new WebSocket(address, "protoo");
  t.after(() => socket.close());
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return new Protoo(socket, onRequest);
}

// Emits each notification by its method.
class Protoo extends EventEmitter {
  #socket;
  #nextId = 1;
  #waiting = new Map();

  constructor(socket, onRequest) {
    super();
    this.#socket = socket;
    socket.on("message", async (text) => {
      const message = JSON.parse(text);
      if (message.notification) this.emit(message.method, message.data);
      if (message.response) this.#waiting.get(message.id)(message);
      if (message.request) {
        await onRequest(message.method, message.data);
        this.#say({ response: true, id: message.id, ok: true, data: {} });
      }
    });
  }

  async request(method, data = {}) {
    const id = this.#nextId++;
    const answered = new Promise((resolve) => this.#waiting.set(id, resolve));
    this.#say({ request: true, id, method, data });
    const answer = await answered;
    if (!answer.ok) throw new Error(`${method}: ${answer.errorCode} ${answer.errorReason}`);
    return answer.data;
  }

  #say(message) {
    this.#socket.send(JSON.stringify(message));
  }
}
