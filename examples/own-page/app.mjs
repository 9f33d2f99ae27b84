// The least of a voice-chat app: a page of its own, and a token for whoever may talk on it.
//
//   PARLEY=http://localhost:4400 ADMIN_KEY=an-admin-key-of-mine node app.mjs

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const { PARLEY = "http://localhost:4400", ADMIN_KEY, PORT = 8080 } = process.env;

async function ask(path, body) {
  const answer = await fetch(PARLEY + path, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const data = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${data.error.reason}`);
  return data;
}

// Your app knows by its session who asks, and whether they may. The same person is the same `peer`
// each time: so a dropped connection finds its place again.
async function token(person) {
  await ask("/v1/rooms", { room: "standup" }); // one that is there already stays as it is
  return (await ask("/v1/rooms/standup/peers", { peer: person })).token;
}

createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  try {
    if (pathname === "/token") return response.end(await token(searchParams.get("person")));
    const page = await readFile(new URL("page.html", import.meta.url), "utf8");
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(page.replaceAll("http://localhost:4400", PARLEY));
  } catch (error) {
    console.error(error.message);
    response.writeHead(502).end(error.message);
  }
}).listen(PORT, () => console.log(`open http://localhost:${PORT}/?person=ada`));
