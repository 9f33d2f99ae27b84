// The HTTP API, tokens, events and webhooks of a server that has keys.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { WebSocket } from "ws";
import { startChromium } from "./support/browsers.mjs";
import { open } from "./support/people.mjs";
import { scenario } from "./support/scenario.mjs";
import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

const adminKey = "an-administrators-key";
const tokenSecret = "a-secret-of-thirty-two-characters-or-more";
const oldSecret = "the-secret-that-was-used-before-this-one";
const hookSecret = "a-secret-for-webhooks";

// Takes webhooks: `taken` are those it said yes to. The first of all it refuses.
async function startHook(t) {
  const posts = [];
  const hook = createServer(async (request, answer) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    posts.push({ headers: request.headers, body, taken: posts.length > 0 });
    answer.writeHead(posts.length > 1 ? 204 : 500).end();
  });
  await new Promise((resolve) => hook.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    hook.close();
    hook.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${hook.address().port}/hook`, posts };
}

// Hears /v1/events; `events` grows.
async function hearEvents(t, server) {
  const events = [];
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/events`, {
    headers: { authorization: `Bearer ${adminKey}` },
  });
  t.after(() => socket.close());
  socket.on("message", (text) => events.push(JSON.parse(text)));
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return events;
}

function sign(kid, secret, claims) {
  const encode = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const text = `${encode({ alg: "HS256", typ: "JWT", kid })}.${encode(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

const startWithKeys = (t, hook) =>
  startServer(t, {
    args: [
      ...["--admin-key", adminKey],
      ...["--token-key", `new:HS256:${tokenSecret}`, "--token-key", `old:HS256:${oldSecret}`],
      ...(hook ? ["--webhook", `${hook.url} ${hookSecret}`] : []),
    ],
  });

scenario(
  "an app makes a room, lets people in by token, mutes and kicks them, and is told of it all",
  async (t) => {
    const hook = await startHook(t);
    const server = await startWithKeys(t, hook);
    const asAdmin = { authorization: `Bearer ${adminKey}` };
    const api = (method, path, body) => server.api(method, path, body, asAdmin);
    for (const path of ["/v1/rooms", "/v1/workers", "/metrics"]) {
      assert.equal((await server.api("GET", path)).status, 401, path);
    }
    const events = await hearEvents(t, server);

    const made = await api("POST", "/v1/rooms", {
      room: "standup",
      options: { maxPeers: 5, metadata: { team: "blue" } },
    });
    assert.equal(made.status, 201);
    assert.equal((await api("POST", "/v1/rooms", { room: "standup" })).status, 200);
    const token = async (peer, name) => {
      const { status, body } = await api("POST", "/v1/rooms/standup/peers", { peer, name });
      assert.equal(status, 201);
      assert.equal(new URL(body.url).host, new URL(server.url).host);
      return body.token;
    };

    const chromium = await startChromium(t);
    const enter = (name, hz, query) =>
      open(t, chromium, server, { room: "standup", name, autojoin: "1", ...query }, { hz });
    const ada = await enter("Ada", 400, { token: await token("ada", "Ada") });
    const hourFromNow = Math.floor(Date.now() / 1000) + 3600;
    const bob = await enter("Bob", 700, {
      token: sign("old", oldSecret, { room: "standup", sub: "bob", name: "Bob", exp: hourFromNow }),
    });
    await Promise.all([ada.state("connected"), bob.state("connected")]);
    await Promise.all([ada.hears([bob]), bob.hears([ada])]);
    const { body: room } = await api("GET", "/v1/rooms/standup");
    assert.deepEqual(
      room.peers.map(({ id }) => id),
      ["ada", "bob"],
    );
    assert.deepEqual(room.metadata, { team: "blue" });

    assert.equal(
      (await api("POST", "/v1/rooms/standup/peers/ada/mute", { muted: true })).status,
      200,
    );
    await bob.hears([]);
    assert.equal((await api("DELETE", "/v1/rooms/standup/peers/ada?reason=enough")).status, 204);
    await ada.state("closed");
    assert.equal((await api("GET", "/v1/rooms/standup/peers/ada")).status, 404);
    await bob.click("leave");
    assert.equal((await api("DELETE", "/v1/rooms/standup")).status, 204);

    await until("the end of the room is told", () =>
      events.some(({ type }) => type === "room.closed"),
    );
    const ofRoom = events.filter(
      (event) => event.room === "standup" && event.type !== "speaker.changed",
    );
    const brief = ({ type, data }) => [type, data.peer, data.reason].filter(Boolean).join(" ");
    const ofAda = ofRoom.filter(({ data }) => data.peer === "ada").map(brief);
    assert.deepEqual(ofAda, [
      "peer.added ada",
      "peer.joined ada",
      "track.added ada",
      "track.muted ada",
      "track.removed ada",
      "peer.left ada kicked",
    ]);
    assert.equal(brief(ofRoom[0]), "room.created");
    assert.equal(brief(ofRoom.at(-1)), "room.closed room-closed");

    await until("every event was posted", () =>
      hook.posts.some(({ body }) => JSON.parse(body).type === "room.closed"),
    );
    for (const { headers, body } of hook.posts) {
      const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers["parley-signature"]);
      assert.equal(
        mac,
        createHmac("sha256", hookSecret).update(`${seconds}.${body}`).digest("hex"),
      );
      assert(Math.abs(seconds - Date.now() / 1000) < 300);
      assert.equal(headers["parley-event-id"], JSON.parse(body).id);
    }
    const posted = hook.posts.filter(({ taken }) => taken).map(({ body }) => JSON.parse(body));
    const postedOfRoom = posted.filter((event) => event.room === "standup");
    assert.deepEqual(
      postedOfRoom.map(({ number }) => number),
      postedOfRoom.map((_, i) => i + 1),
      "in order, none missing",
    );
    const refused = JSON.parse(hook.posts[0].body).id;
    assert(
      posted.some(({ id }) => id === refused),
      "what was refused came again",
    );
  },
);

scenario("without a token that is valid nobody comes in", async (t) => {
  const server = await startWithKeys(t);
  const chromium = await startChromium(t);
  const now = Math.floor(Date.now() / 1000);
  const claims = { room: "standup", sub: "eve", exp: now + 3600 };
  const tokens = {
    none: undefined,
    expired: sign("new", tokenSecret, { ...claims, exp: now - 60 }),
    forged: sign("new", "another-secret-of-thirty-two-characters", claims),
    "of an unknown key": sign("none", tokenSecret, claims),
  };
  for (const [which, token] of Object.entries(tokens)) {
    const eve = await open(
      t,
      chromium,
      server,
      { room: "standup", name: "Eve", autojoin: "1", ...(token && { token }) },
      { hz: 400 },
    );
    await until(`a token that is ${which} is refused`, async () =>
      /not valid/.test(await eve.says("ended-title")),
    );
    await eve.page.close();
  }
  const listener = await open(
    t,
    chromium,
    server,
    {
      room: "standup",
      name: "Eve",
      autojoin: "1",
      token: sign("new", tokenSecret, { ...claims, name: "Eve", publish: false }),
    },
    { hz: 400 },
  );
  await listener.state("connected");
  await until("who may only listen is told so", () =>
    listener.page.evaluate(() => parley.microphone === "forbidden"),
  );
});
