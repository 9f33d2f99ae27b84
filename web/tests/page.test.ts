// The page's own decisions: addresses, names, words, sizes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inviteLink, readAddress, toRoomId } from "../room/address.js";
import { tileGap, tileMax, tileMin, tileRatio, tileWidth } from "../room/layout.js";
import { friendlyRoom, hue, initials } from "../room/names.js";
import { comingsText, endText, microphoneText, qualityText, troubleText } from "../room/words.js";
import { isId } from "../sdk/address.js";
import type { RoomState } from "../sdk/types.js";

test("a room is named by the query, the hash or the path", () => {
  const room = (address: string) => readAddress(`https://talk.example${address}`).room;
  assert.equal(room("/?room=standup"), "standup");
  assert.equal(room("/#standup"), "standup");
  assert.equal(room("/standup"), "standup");
  assert.equal(room("/voice/standup?name=Ada"), "standup");
  assert.equal(room("/voice/"), "");
  assert.equal(room("/index.html"), "");
  assert.equal(room("/?room=The%20caf%C3%A9"), "The-cafe");
  assert.equal(room("/%E0%A4%A"), "E0A4A");
});

test("the other parameters are for apps and tests", () => {
  const wanted = readAddress("http://x/?room=a&name=Ada&autojoin=1&server=ws://y:1/");
  assert.deepEqual(wanted, {
    room: "a",
    name: "Ada",
    peer: undefined,
    token: undefined,
    autojoin: true,
    server: "ws://y:1/",
    slots: 3,
  });
  const slots = (text: string) => readAddress(`http://x/?room=a&slots=${text}`).slots;
  assert.deepEqual(["0", "8", "9", "-1", "2.5", "x"].map(slots), [0, 8, 3, 3, 3, 3]);
});

test("a token names the room, the peer and the person; a broken one names nothing", () => {
  const claims = { room: "standup", sub: "ada-1", name: "Ada Ö" };
  const token = `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;
  const wanted = readAddress(`http://x/?room=other&token=${token}`);
  assert.deepEqual([wanted.room, wanted.peer, wanted.name], ["standup", "ada-1", "Ada Ö"]);
  for (const broken of ["", "a", "a.b.c", "a.!!!.c", `a.${btoa("null")}.c`]) {
    assert.equal(readAddress(`http://x/?room=other&token=${broken}`).room, "other");
  }
});

test("an invite leads into the same room of the same server, and carries no token", () => {
  const link = (address: string) => inviteLink(`https://talk.example${address}`, "standup");
  assert.equal(link("/?token=secret&name=Ada&autojoin=1"), "https://talk.example/?room=standup");
  assert.equal(link("/voice/standup#x"), "https://talk.example/voice/?room=standup");
  assert.equal(link("/?server=wss://y/"), "https://talk.example/?room=standup&server=wss%3A%2F%2Fy%2F");
});

test("what people type and what the page proposes are rooms that the server takes", () => {
  assert.equal(toRoomId("  Daily stand up! "), "Daily-stand-up");
  assert.equal(toRoomId("💬"), "");
  assert.equal(toRoomId("x".repeat(80)).length, 64);
  for (let i = 0; i < 100; i++) assert(isId(friendlyRoom(Math.random)));
  assert(isId(friendlyRoom(() => 0.999999)));
});

test("initials of all sorts of names", () => {
  assert.equal(initials("Ada Lovelace"), "AL");
  assert.equal(initials("ada"), "A");
  assert.equal(initials("Ada King of Lovelace"), "AL");
  assert.equal(initials("李 小龙"), "李小");
  assert.equal(initials("😀 x"), "😀X");
  assert.equal(initials("   "), "?");
});

test("somebody's colour stays the same and is one", () => {
  assert.equal(hue("Ada"), hue("Ada"));
  assert.notEqual(hue("Ada"), hue("Bob"));
  for (const name of ["", "Ada", "李", "x".repeat(500)]) assert(hue(name) >= 0 && hue(name) < 360);
});

test("tiles fit the space with 1, 4, 20 and 60 people, or are the smallest and scroll", () => {
  const spaces = [[1248, 560], [336, 480], [700, 180]] as const;
  for (const [width, height] of spaces) {
    for (const count of [1, 2, 4, 20, 60]) {
      const gap = tileGap(count);
      const size = tileWidth(count, width, height, gap);
      assert(size >= tileMin && size <= tileMax, `${count} in ${width}x${height}: ${size}`);
      const columns = Math.floor((width + gap) / (size + gap));
      assert(columns >= 1);
      const rows = Math.ceil(count / columns);
      const tall = rows * size * tileRatio + (rows - 1) * gap;
      const smaller = columns < Math.floor((width + gap) / (tileMin + gap));
      assert(tall <= height + 1 || !smaller, `${count} in ${width}x${height}: ${size}`);
    }
  }
  assert.equal(tileWidth(60, 1248, 560, 8), 96);
});

test("trouble is named by what is being waited for", () => {
  const text = (name: "connecting" | "reconnecting", what: string, attempt: number) =>
    troubleText({ name, what, attempt, retryInMs: 0 } as RoomState);
  assert.match(text("reconnecting", "signalling", 0)!, /Reconnecting/);
  assert.match(text("reconnecting", "signalling", 3)!, /server is away/);
  assert.match(text("connecting", "signalling", 3)!, /server is away/);
  assert.match(text("reconnecting", "media", 0)!, /interrupted/);
  assert.match(text("reconnecting", "room-full", 0)!, /full/);
  assert.equal(troubleText({ name: "connected" }), undefined);
});

test("every end and every fault of a microphone has its words", () => {
  assert.match(endText("kicked", "be nice").text, /be nice/);
  for (const reason of ["left", "replaced", "room-closed", "room-full", "capacity"] as const) {
    assert.notEqual(endText(reason, "").title, "");
  }
  assert.match(endText("unsupported", "no RTC").text, /\(no RTC\)/);
  for (const state of ["refused", "missing", "busy", "insecure", "lost", "forbidden"] as const) {
    assert.notEqual(microphoneText(state) ?? "", "");
  }
  assert.equal(microphoneText("live"), undefined);
});

test("quality says what it was judged by", () => {
  const quality = { level: "fair", rttMs: 312.4, lossPercent: 4.2, jitterMs: 3 } as const;
  assert.equal(qualityText(quality), "fair connection, 312 ms, 4 % lost");
  assert.equal(qualityText({ ...quality, level: "lost" }), "connection lost");
});

test("a crowd that comes or goes is one sentence", () => {
  assert.equal(comingsText(["Ada", "Bob"], []), "Ada, Bob joined.");
  assert.equal(comingsText(["a", "b", "c", "d"], ["Eve"]), "4 people joined. Eve left.");
});
