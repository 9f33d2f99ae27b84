// A voice-chat app's API, as small as it gets: makes a room when somebody wants in, and hands out
// what the browser needs to join it.
//
//   BROKER=amqp://guest:guest@localhost PAGE=http://localhost:4400 PORT=8080 node api.mjs
//   curl -X POST localhost:8080/rooms/standup/join -d '{"name": "Ada"}'
//     {"token": "...", "url": "ws://...", "room": "standup", "peer": "...", "expires": "..."}
//   http://localhost:8080/rooms/standup?name=Ada in a browser: the same, and into the room.

import { createServer } from "node:http";
import { Parley } from "./parley.mjs";

const page = process.env.PAGE; // where the voice room is
const parley = new Parley(process.env.BROKER ?? "amqp://guest:guest@localhost");
parley.on("event", (event) => console.log(JSON.stringify(event)));
parley.on("up", () => console.error("the broker is there"));
parley.on("down", (reason) => console.error(`the broker is away: ${reason}`));

async function body(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > 10_000) throw Object.assign(new Error("too long"), { code: 413 });
  }
  try {
    return JSON.parse(text || "{}");
  } catch {
    throw Object.assign(new Error("no JSON"), { code: 400 });
  }
}

// Here an app asks itself who this is and whether they may. Making a room that is there already
// changes nothing.
async function letIn(room, name, { traceparent }) {
  const options = { emptyTimeout: 300 };
  await parley.ask({ type: "room.create", room, options }, { traceparent });
  return parley.ask({ type: "peer.add", room, ...(name ? { name } : {}) }, { traceparent });
}

// Gives the data of an answer, or a `location` to go to.
async function answer(request) {
  const url = new URL(request.url, "http://localhost");
  const [, room, join] = /^\/rooms\/([^/]+)(\/join)?$/.exec(url.pathname) ?? [];
  if (request.method === "POST" && join) {
    const { name } = await body(request);
    return { data: await letIn(decodeURIComponent(room), name, request.headers) };
  }
  if (request.method === "GET" && room && !join && page) {
    const name = url.searchParams.get("name") ?? "";
    const { token } = await letIn(decodeURIComponent(room), name, request.headers);
    return { location: `${page}/?${new URLSearchParams({ token, name })}` };
  }
  if (request.method === "GET" && url.pathname === "/rooms") {
    return { data: await parley.ask({ type: "room.list" }) };
  }
  throw Object.assign(new Error("no such path"), { code: 404 });
}

const server = createServer(async (request, response) => {
  let code = 200;
  const { location, data } = await answer(request).catch((error) => {
    code = Number.isInteger(error.code) ? error.code : 500;
    return { data: { error: error.message } };
  });
  if (location) return response.writeHead(302, { Location: location }).end();
  response.writeHead(code, { "Content-Type": "application/json" });
  response.end(JSON.stringify(data));
});

await parley.start();
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  console.error(`listens on http://127.0.0.1:${server.address().port}/`);
});
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    server.close();
    await parley.close();
    process.exit(0);
  });
}
