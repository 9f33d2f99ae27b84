import assert from "node:assert/strict";
import { test } from "node:test";
import { blinkMs, connectMs, Mend, restartMs, restartsMax } from "../sdk/mend.js";

function wellMend(): Mend {
  const mend = new Mend();
  mend.onSignalling(0, true);
  mend.onTransport(0, "t1", "connecting");
  mend.onTransport(100, "t1", "connected");
  return mend;
}

test("a blink is waited out", () => {
  const mend = wellMend();
  mend.onTransport(1_000, "t1", "disconnected");
  assert.equal(mend.isWell, false);
  assert.equal(mend.nextDeadline(), 1_000 + blinkMs);
  mend.onTransport(1_500, "t1", "connected");
  mend.onDeadline(1_000 + blinkMs);
  assert.deepEqual(mend.take(), []);
  assert.equal(mend.isWell, true);
  assert.equal(mend.nextDeadline(), Infinity);
});

test("a longer silence restarts ICE, and a restart that helps ends it", () => {
  const mend = wellMend();
  mend.onTransport(1_000, "t1", "disconnected");
  mend.onDeadline(1_000 + blinkMs);
  assert.deepEqual(mend.take(), [{ type: "restartIce", transportId: "t1" }]);
  mend.onTransport(4_000, "t1", "connecting");
  assert.equal(mend.isWell, false);
  mend.onTransport(4_200, "t1", "connected");
  assert.equal(mend.isWell, true);
  assert.equal(mend.nextDeadline(), Infinity);
});

test("a failed transport is restarted at once", () => {
  const mend = wellMend();
  mend.onTransport(1_000, "t1", "failed");
  assert.deepEqual(mend.take(), [{ type: "restartIce", transportId: "t1" }]);
});

test("restarts that do not help lead to joining anew", () => {
  const mend = wellMend();
  mend.onTransport(1_000, "t1", "disconnected");
  const actions: string[] = [];
  let last = 0;
  while (mend.nextDeadline() !== Infinity) {
    last = mend.nextDeadline();
    mend.onDeadline(last);
    actions.push(...mend.take().map(({ type }) => type));
  }
  assert.deepEqual(actions, [...Array(restartsMax).fill("restartIce"), "rejoin"]);
  assert.equal(last, 1_000 + blinkMs + restartsMax * restartMs);
});

test("nothing is asked of a server that can not be asked; all of it once it can", () => {
  const mend = wellMend();
  mend.onTransport(500, "t2", "connected");
  mend.onSignalling(900, false);
  mend.onTransport(1_000, "t1", "failed");
  mend.onTransport(1_000, "t2", "disconnected");
  mend.onDeadline(60_000);
  assert.equal(mend.nextDeadline(), Infinity);
  assert.deepEqual(mend.take(), []);
  mend.onSignalling(60_000, true);
  assert.deepEqual(
    mend.take().map((action) => action.type === "restartIce" && action.transportId),
    ["t1", "t2"],
  );
});

test("another network restarts what is not connected without waiting, and nothing else", () => {
  const mend = wellMend();
  mend.onTransport(500, "t2", "connected");
  mend.onTransport(1_000, "t1", "disconnected");
  mend.onNetwork(1_001);
  assert.deepEqual(mend.take(), [{ type: "restartIce", transportId: "t1" }]);
});

test("a transport that never connects is restarted", () => {
  const mend = new Mend();
  mend.onSignalling(0, true);
  mend.onTransport(0, "t1", "connecting");
  assert.equal(mend.isWell, true);
  mend.onDeadline(connectMs);
  assert.deepEqual(mend.take(), [{ type: "restartIce", transportId: "t1" }]);
});

test("a transport that was closed is mended no more", () => {
  const mend = wellMend();
  mend.onTransport(1_000, "t1", "disconnected");
  mend.onTransport(1_100, "t1", "closed");
  mend.onDeadline(60_000);
  assert.deepEqual(mend.take(), []);
  assert.equal(mend.isWell, true);
});
