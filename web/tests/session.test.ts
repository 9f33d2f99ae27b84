import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs } from "../sdk/signalling/backoff.js";
import {
  connectTimeoutMs,
  greetingTimeoutMs,
  probeTimeoutMs,
  requestTimeoutMs,
  Session,
  silenceMs,
  type Output,
} from "../sdk/signalling/session.js";
import { randomFrom } from "./random.js";

const half = () => 0.5;

function notification(method: string, data: unknown, seq?: number): string {
  return JSON.stringify({ notification: true, method, data, ...(seq ? { seq } : {}) });
}
function greeting(fields: object = {}): string {
  return notification("session", { id: "s1", graceMs: 15_000, ...fields });
}
function types(outputs: Output[]): string[] {
  return outputs.map(({ type }) => type);
}
function sent(outputs: Output[]): Array<Record<string, unknown>> {
  return outputs.flatMap((output) => (output.type === "send" ? [JSON.parse(output.text)] : []));
}

function upSession(now = 0): Session {
  const session = new Session(half);
  session.start(now);
  session.onOpen(now);
  session.onText(now, greeting());
  assert.deepEqual(session.take().at(-1), { type: "up", how: "fresh" });
  return session;
}

// Drops the connection and lets the next one open, up to its greeting.
function reconnect(session: Session, now: number, code = 1006, reason = ""): Output[] {
  session.onClose(now, code, reason);
  session.onDeadline(session.nextDeadline());
  session.onOpen(now);
  return session.take();
}

test("a new session asks for numbering, and waits with requests until it is greeted", () => {
  const session = new Session(half);
  session.start(0);
  assert.deepEqual(session.take(), [{ type: "connect", session: "", received: 0 }]);
  session.request(0, "join", { displayName: "Ada" });
  session.onOpen(10);
  assert.deepEqual(session.take(), []);
  session.onText(20, greeting());
  const outputs = session.take();
  assert.deepEqual(types(outputs), ["up", "send"]);
  assert.equal(sent(outputs)[0]?.method, "join");
});

test("answers and refusals find their requests; strangers are ignored", () => {
  const session = upSession();
  const a = session.request(0, "produce");
  const b = session.request(0, "restartIce");
  session.take();
  const answer = (fields: object) => session.onText(1, JSON.stringify({ response: true, ...fields }));
  answer({ id: b, ok: false, errorCode: 404, errorReason: "no such transport" });
  answer({ id: a, ok: true, data: { id: "p1" } });
  answer({ id: a, ok: true, data: { id: "again" } });
  answer({ id: 999, ok: true });
  assert.deepEqual(session.take(), [
    { type: "refusal", id: b, code: 404, reason: "no such transport" },
    { type: "answer", id: a, data: { id: "p1" } },
  ]);
});

test("the first reconnection is at once, and resumes from the last message seen", () => {
  const session = upSession();
  session.onText(1, notification("newPeer", {}, 1));
  session.onText(2, notification("newPeer", {}, 2));
  session.take();
  session.onClose(10_000, 1006, "");
  assert.deepEqual(session.take(), [
    { type: "down", attempt: 0, retryAt: 10_000, reason: "unreachable" },
  ]);
  assert.equal(session.nextDeadline(), 10_000);
  session.onDeadline(10_000);
  assert.deepEqual(session.take(), [{ type: "connect", session: "s1", received: 2 }]);
});

test("what was sent again after resuming is not heard twice", () => {
  const session = upSession();
  session.onText(1, notification("newPeer", { id: "bob" }, 1));
  reconnect(session, 10);
  session.onText(11, greeting({ resumed: true }));
  session.take();
  session.onText(12, notification("newPeer", { id: "bob" }, 1));
  session.onText(12, notification("newPeer", { id: "eve" }, 2));
  assert.deepEqual(session.take(), [
    { type: "notification", method: "newPeer", data: { id: "eve" } },
  ]);
});

test("unanswered requests are sent again under their old ids, answered ones are not", () => {
  const session = upSession();
  const first = session.request(0, "join");
  const second = session.request(0, "produce");
  session.onText(1, JSON.stringify({ response: true, id: first, ok: true, data: {}, seq: 1 }));
  const third = (reconnect(session, 10), session.request(10, "pauseProducer"));
  session.onText(11, greeting({ resumed: true }));
  const ids = sent(session.take()).map(({ id }) => id);
  assert.deepEqual(ids, [second, third]);
});

test("a session the server no longer has ends what was asked in it, and starts anew at once", () => {
  const session = upSession();
  const id = session.request(0, "produce");
  session.take();
  session.onClose(10_000, 4404, "no-such-session");
  const outputs = session.take();
  assert.deepEqual(types(outputs), ["lost", "refusal", "down"]);
  assert.equal(outputs[1]?.type === "refusal" && outputs[1].id, id);
  session.onDeadline(session.nextDeadline());
  assert.deepEqual(session.take(), [{ type: "connect", session: "", received: 0 }]);
});

test("a home that was lost is looked for ever more rarely, but joined anew at once when found", () => {
  const session = upSession();
  let now = 10_000;
  session.onClose(now, 1006, "");
  for (let i = 0; i < 4; i++) {
    now = session.nextDeadline();
    session.onDeadline(now);
    session.onOpen(now);
    session.onClose(now, 4502, "home-lost");
  }
  assert(session.nextDeadline() - now > 1_000);
  now = session.nextDeadline();
  session.onDeadline(now);
  session.onOpen(now);
  session.onClose(now, 4404, "no-such-session: the room has moved");
  assert.equal(session.nextDeadline(), now);
  session.onDeadline(now);
  session.take();
  session.onOpen(now);
  session.onClose(now, 4404, "no-such-session");
  assert(session.nextDeadline() > now, "without a session there is nothing to replace");
});

test("a room that moved is said so, and joined anew at the same address at once", () => {
  const session = upSession();
  session.onClose(10_000, 4307, "moved");
  const outputs = session.take();
  assert.deepEqual(types(outputs), ["lost", "moved", "down"]);
  assert.equal(outputs[2]?.type === "down" && outputs[2].retryAt, 10_000);
  session.onDeadline(session.nextDeadline());
  assert.deepEqual(session.take(), [{ type: "connect", session: "", received: 0 }]);
});

test("a server lost on the way to the room is no reason to wait, and the session goes on", () => {
  const session = upSession();
  session.onClose(10_000, 4502, "home-lost");
  assert.deepEqual(types(session.take()), ["down"]);
  session.onDeadline(10_000);
  const [connect] = session.take();
  assert.equal(connect?.type === "connect" && connect.session, "s1");
});

test("a room that nobody can find now is asked for again after a while, in the same session", () => {
  const session = upSession();
  session.onClose(10_000, 4503, "unavailable: the broker is away");
  const [down] = session.take();
  assert.ok(down?.type === "down" && down.retryAt > 10_000);
  session.onDeadline(session.nextDeadline());
  const [connect] = session.take();
  assert.equal(connect?.type === "connect" && connect.session, "s1");
});

test("a restarted server that numbers anew is heard from its first message", () => {
  const session = upSession();
  for (let seq = 1; seq <= 5; seq++) session.onText(1, notification("newPeer", {}, seq));
  reconnect(session, 10);
  session.onText(11, greeting({ resumed: true, recovered: true }));
  assert.deepEqual(session.take()[0], { type: "up", how: "recovered" });
  session.onText(12, notification("newPeer", { id: "eve" }, 1));
  assert.deepEqual(types(session.take()), ["notification"]);
});

test("closings that trying again would not mend end the session and say why", () => {
  for (const [code, text, reason] of [
    [4400, "bad-request: roomId", "bad-request"],
    [4401, "unauthorized", "unauthorized"],
    [4403, "forbidden", "forbidden"],
    [4403, "kicked: be nice", "kicked"],
    [4409, "replaced", "replaced"],
    [4410, "room-closed", "room-closed"],
    [4413, "too-large", "too-large"],
  ] as const) {
    const session = upSession();
    session.onClose(1, code, text);
    const last = session.take().at(-1);
    assert.equal(last?.type === "ended" && last.reason, reason);
    assert.equal(session.nextDeadline(), Infinity);
    session.onNetwork(2);
    session.renew(3);
    assert.deepEqual(session.take(), []);
  }
});

test("the message of a kick reaches the one who was kicked", () => {
  const session = upSession();
  session.onClose(1, 4403, "kicked: be nice");
  assert.deepEqual(session.take().at(-1), { type: "ended", reason: "kicked", message: "be nice" });
});

test("a full room is left in peace for a while before it is asked again", () => {
  const session = new Session(half);
  session.start(0);
  session.onOpen(0);
  session.take();
  session.onClose(1, 4429, "room-full");
  const [down] = session.take();
  assert(down?.type === "down");
  assert.equal(down.reason, "room-full");
  assert(down.retryAt - 1 >= 300);
});

test("a server that is away is asked ever more rarely, and at once when the network is back", () => {
  const session = upSession();
  let now = 10_000;
  const waits: number[] = [];
  session.onClose(now, 1006, "");
  for (let i = 0; i < 12; i++) {
    waits.push(session.nextDeadline() - now);
    now = session.nextDeadline();
    session.onDeadline(now);
    session.onClose(now, 1006, "");
  }
  assert.equal(waits[0], 0);
  for (let i = 2; i < waits.length; i++) assert(waits[i]! >= waits[i - 1]!);
  assert.equal(waits.at(-1), 7_500);
  session.take();
  session.onNetwork(now + 1);
  assert.deepEqual(types(session.take()), ["connect"]);
});

test("a connection that is closed again and again right after its greeting is not hammered", () => {
  const session = upSession();
  let now = 0;
  let retryAt = 0;
  for (let i = 0; i < 4; i++) {
    session.onClose(now, 4429, "too-many-messages");
    retryAt = session.nextDeadline();
    assert(retryAt - now >= 300);
    now = retryAt;
    session.onDeadline(now);
    session.onOpen(now);
    session.onText(now, greeting({ resumed: true }));
  }
});

test("waits spread over the upper half of their step", () => {
  assert.equal(backoffMs(0, () => 0.9), 0);
  assert.equal(backoffMs(1, () => 0), 150);
  assert.equal(backoffMs(1, () => 1), 300);
  assert.equal(backoffMs(50, () => 1), 10_000);
});

test("a connection that says nothing is asked, and given up when it does not answer", () => {
  const session = upSession();
  assert.equal(session.nextDeadline(), silenceMs);
  session.onDeadline(silenceMs);
  assert.deepEqual(sent(session.take()).map(({ method }) => method), ["getRouterRtpCapabilities"]);
  session.onDeadline(silenceMs + probeTimeoutMs);
  assert.deepEqual(types(session.take()), ["drop", "down"]);
});

test("a connection whose question is answered stays", () => {
  const session = upSession();
  session.onDeadline(silenceMs);
  const [probe] = sent(session.take());
  session.onText(silenceMs + 1, JSON.stringify({ response: true, id: probe?.id, ok: true }));
  session.onDeadline(silenceMs + probeTimeoutMs);
  assert.deepEqual(session.take(), []);
  assert.equal(session.nextDeadline(), 2 * silenceMs + 1);
});

test("a network change asks a connection that looks well, once at a time", () => {
  const session = upSession();
  session.onNetwork(1);
  session.onNetwork(2);
  assert.equal(sent(session.take()).length, 1);
});

test("a request that is not answered in time is refused with 408", () => {
  const session = upSession();
  const id = session.request(0, "produce");
  session.take();
  session.onText(requestTimeoutMs - 1, notification("activeSpeaker", {}, 1));
  session.take();
  session.onDeadline(requestTimeoutMs);
  assert.deepEqual(session.take(), [
    { type: "refusal", id, code: 408, reason: "no answer in time" },
  ]);
});

test("time without a connection does not count against a request", () => {
  const session = upSession();
  session.request(0, "produce");
  reconnect(session, 100_000);
  session.onText(200_000, greeting({ resumed: true }));
  session.take();
  session.onDeadline(200_001);
  assert.deepEqual(session.take(), []);
});

test("a socket that neither opens nor greets is given up", () => {
  const session = new Session(half);
  session.start(0);
  session.take();
  session.onDeadline(connectTimeoutMs);
  assert.deepEqual(types(session.take()), ["drop", "down"]);
  session.onDeadline(session.nextDeadline());
  session.onOpen(20_000);
  session.take();
  session.onDeadline(20_000 + greetingTimeoutMs);
  assert.deepEqual(types(session.take()), ["drop", "down"]);
});

test("the server's questions are answered once, and not into another session", () => {
  const session = upSession();
  session.onText(1, JSON.stringify({ request: true, id: 7, method: "newConsumer", data: {}, seq: 1 }));
  session.take();
  session.answer(7, {});
  session.answer(7, {});
  assert.equal(sent(session.take()).length, 1);
  session.onText(2, JSON.stringify({ request: true, id: 8, method: "newConsumer", data: {}, seq: 2 }));
  reconnect(session, 10, 4404, "no-such-session");
  session.onText(11, greeting({ id: "s2" }));
  session.take();
  session.answer(8, {});
  assert.deepEqual(session.take(), []);
});

test("leaving tells the server, and nothing follows", () => {
  const session = upSession();
  session.end("left", "");
  const outputs = session.take();
  assert.equal(sent(outputs)[0]?.method, "leave");
  assert.deepEqual(types(outputs), ["send", "lost", "drop", "ended"]);
  session.onClose(1, 1006, "");
  session.end("left", "");
  assert.deepEqual(session.take(), []);
  const id = session.request(2, "produce");
  assert.deepEqual(session.take(), [{ type: "refusal", id, code: 0, reason: "the room was left" }]);
});

test("renewing gives up a session that works and asks for a new one", () => {
  const session = upSession();
  session.renew(5);
  assert.deepEqual(types(session.take()), ["drop", "lost", "connect"]);
});

test("rubbish from the server changes nothing", () => {
  const session = upSession();
  const before = session.nextDeadline();
  const rubbish = ["", "{", "null", "7", "[]", "{}", '{"response":true}', '{"request":true,"id":1}'];
  rubbish.push('{"notification":true,"method":5}', '{"response":true,"id":"1","ok":true}');
  rubbish.push('{"request":true,"id":1.5,"method":"x"}', "\u0000", "[".repeat(5000));
  for (const text of rubbish) session.onText(0, text);
  assert.deepEqual(session.take(), []);
  assert.equal(session.nextDeadline(), before);
});

// A model server: numbers what it says, carries each request out once, and answers again what is
// asked again. Connections drop at any moment, with messages in flight both ways.
test("over 300 seeds of dropped connections, nothing is lost, doubled or out of order", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = randomFrom(seed);
    const session = new Session(random);
    const said: string[] = []; // by the server, from seq 1
    const carriedOut = new Map<number, string>(); // request id to its answer
    const answers = new Map<number, unknown>();
    const heard: unknown[] = [];
    let asked = 0;
    let told = 0;
    let now = 0;
    let toServer: string[] = [];
    let toClient: string[] = [];
    let connected = false;

    const say = (message: object) => {
      said.push(JSON.stringify({ ...message, seq: said.length + 1 }));
      if (connected) toClient.push(said.at(-1)!);
    };
    const drain = () => {
      for (const output of session.take()) {
        if (output.type === "send" && connected) toServer.push(output.text);
        if (output.type === "notification") heard.push((output.data as { n: number }).n);
        if (output.type === "answer") {
          assert(!answers.has(output.id));
          answers.set(output.id, output.data);
        }
        assert.notEqual(output.type, "refusal");
        if (output.type !== "connect") continue;
        connected = true;
        toServer = [];
        const resumed = output.session !== "";
        toClient = [greeting({ resumed }), ...said.slice(output.received)];
        session.onOpen(now);
      }
    };
    const step = (final: boolean) => {
      const dice = random();
      if (!connected) {
        now = Math.max(now, session.nextDeadline());
        session.onDeadline(now);
      } else if (dice < 0.1 && !final) {
        connected = false;
        session.onClose(now, 1006, "");
      } else if (dice < 0.4 && toServer.length > 0) {
        const { id } = JSON.parse(toServer.shift()!) as { id: number };
        if (!carriedOut.has(id)) carriedOut.set(id, `done ${id}`);
        say({ response: true, id, ok: true, data: carriedOut.get(id) });
      } else if (dice < 0.5 && !final) {
        session.request(now, "ask");
        asked++;
      } else if (dice < 0.6 && !final) {
        say({ notification: true, method: "tell", data: { n: ++told } });
      } else if (toClient.length > 0) {
        session.onText(now, toClient.shift()!);
      }
      now += 1;
      drain();
    };

    session.start(now);
    drain();
    for (let i = 0; i < 200; i++) step(false);
    while (!connected || toServer.length > 0 || toClient.length > 0) step(true);
    const wanted = Array.from({ length: told }, (_, i) => i + 1);
    assert.deepEqual(heard, wanted, `seed ${seed}`);
    assert.equal(answers.size, asked, `seed ${seed}`);
    for (const [id, data] of answers) assert.equal(data, `done ${id}`);
  }
});
