// A voice-chat app's API, as small as it gets: makes a room when somebody wants in, and hands out
// what the browser needs to join it.
//
//   BROKER=amqp://guest:guest@localhost PORT=8080 node api.mjs
//   curl -X POST localhost:8080/rooms/standup/join -d '{"name": "Ada"}'
//     {"token": "...", "url": "ws://...", "room": "standup", "peer": "...", "expires": "..."}

import { createServer } from "node:http";
import { Parley } from "./parley.mjs";

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

async function answer(request) {
  const join = /^\/rooms\/([^/]+)\/join$/.exec(request.url);
  if (request.method === "POST" && join) {
    const room = decodeURIComponent(join[1]);
    const { name } = await body(request);
    // Here an app asks itself who this is and whether they may. Making a room that is there
    // already changes nothing.
    await parley.ask({ type: "room.create", room, options: { emptyTimeout: 300 } });
    return parley.ask({ type: "peer.add", room, name });
  }
  if (request.method === "GET" && request.url === "/rooms") {
    return parley.ask({ type: "room.list" });
  }
  throw Object.assign(new Error("no such path"), { code: 404 });
}

const server = createServer(async (request, response) => {
  let code = 200;
  const data = await answer(request).catch((error) => {
    code = Number.isInteger(error.code) ? error.code : 500;
    return { error: error.message };
  });
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
