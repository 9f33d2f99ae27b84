// A room made over RabbitMQ by the example API, and a broker that dies while somebody is in it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import { startExampleApi } from "./support/example_api.mjs";
import { startRabbitMq } from "./support/rabbitmq.mjs";
import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

const key = "e2e:HS256:0123456789abcdef0123456789abcdef";
const MINUTE = { ms: 60_000 };

// Joins with what the API handed out, and can ask.
async function enter(t, { url, token }) {
  const socket = new WebSocket(`${url}?${new URLSearchParams({ token, session: "" })}`, "protoo");
  t.after(() => socket.close());
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  let id = 0;
  const ask = (method) =>
    new Promise((resolve) => {
      const request = { request: true, id: ++id, method, data: {} };
      const onMessage = (text) => {
        const message = JSON.parse(text);
        if (!message.response || message.id !== request.id) return;
        socket.off("message", onMessage);
        resolve(message);
      };
      socket.on("message", onMessage);
      socket.send(JSON.stringify(request));
    });
  return { socket, ask };
}

test("a room over RabbitMQ outlives RabbitMQ", { timeout: 230_000 }, async (t) => {
  const broker = await startRabbitMq(t);
  const args = ["--broker", broker.url, "--assignment", "shared-queue"];
  const server = await startServer(t, {
    args: [...args, "--server-id", "e2e-1", "--token-key", key],
  });
  const example = await startExampleApi(t, { broker: broker.url });

  const joined = await until(
    "somebody is let in",
    async () => {
      const answer = await example.ask("POST", "/rooms/standup/join", { name: "Ada" });
      return answer.status === 200 && answer.body;
    },
    MINUTE,
  );
  assert.equal(joined.room, "standup");
  const ada = await enter(t, joined);
  assert.ok((await ada.ask("getRouterRtpCapabilities")).ok);
  await until("the events are printed", () =>
    ["room.created", "peer.added"].every((type) =>
      example.events.some((e) => e.type === type && e.room === "standup" && e.server === "e2e-1"),
    ),
  );

  await broker.kill();
  await until(
    "/readyz misses the broker",
    async () => (await server.api("GET", "/readyz")).body.reason === "the broker is away",
    MINUTE,
  );
  assert.equal((await server.api("GET", "/healthz")).status, 200);
  assert.ok((await ada.ask("getRouterRtpCapabilities")).ok);
  assert.equal(ada.socket.readyState, WebSocket.OPEN);

  await broker.start();
  const ready = async () => (await server.api("GET", "/readyz")).status === 200;
  await until("/readyz finds the broker", ready, MINUTE);
  const rooms = await until(
    "the room is told of again",
    async () => {
      const answer = await example.ask("GET", "/rooms");
      return answer.status === 200 && answer.body.rooms;
    },
    MINUTE,
  );
  assert.deepEqual(
    rooms.map(({ room, home, peers }) => ({ room, home, peers })),
    [{ room: "standup", home: "e2e-1", peers: 1 }],
  );
  assert.ok((await ada.ask("getRouterRtpCapabilities")).ok);
});
