// The page: from the address to the join screen, into the room, and to its end.

import { JoinError, Room, type CloseReason } from "../sdk/index.js";
import { readAddress } from "./address.js";
import { byId, memory } from "./elements.js";
import { JoinScreen, type Choice } from "./join_screen.js";
import { friendlyRoom } from "./names.js";
import { Stage } from "./stage.js";
import { endText, troubleText } from "./words.js";

declare global {
  interface Window {
    // The room that this page is in, or was in last: for tests and for the curious.
    parley: Room | undefined;
  }
}

const wanted = readAddress(location.href);
const joinScreen = new JoinScreen(
  (choice) => void enter(choice, choice.track ?? false),
  () => window.parley?.leave(),
);

function start(): void {
  byId("ended").hidden = true;
  const name = wanted.name || memory.get("name");
  joinScreen.show(name, wanted.room || friendlyRoom(Math.random), wanted.room !== "");
}

async function enter(choice: Choice, audio: MediaStreamTrack | boolean): Promise<void> {
  const room = new Room({
    ...(wanted.server === undefined ? {} : { url: wanted.server }),
    ...(wanted.token === undefined ? {} : { token: wanted.token }),
    ...(wanted.peer === undefined ? {} : { peer: wanted.peer }),
    room: choice.room,
    displayName: choice.name,
    audio,
    muted: choice.muted,
    slots: wanted.slots,
    inputDevice: memory.get("input"),
    outputDevice: memory.get("output"),
    // The page says that the server is away, and has a button for who does not want to wait.
    patienceMs: Infinity,
  });
  window.parley = room;
  // The microphone that was tried before joining is done with when another one takes its place.
  room.on("microphone", () => room.track !== choice.track && choice.track?.stop());
  const off = room.on("state", (state) => joinScreen.setBusy(troubleText(state)));
  joinScreen.setBusy("Joining…");
  try {
    await room.join();
  } catch (error) {
    if (!(error instanceof JoinError)) throw error;
    choice.track?.stop();
    joinScreen.hide();
    return error.reason === "left" ? start() : end(error, choice, audio);
  } finally {
    off();
  }
  joinScreen.hide();
  rememberRoom(choice.room);
  const stage = new Stage(room);
  room.on("state", (state) => {
    if (state.name !== "closed") return;
    choice.track?.stop();
    stage.close();
    end(state, choice, audio);
  });
}

// The address bar names the room, so that it can be shared and reloaded.
function rememberRoom(room: string): void {
  if (wanted.room === room) return;
  wanted.room = room;
  const url = new URL(location.href);
  url.searchParams.set("room", room);
  history.replaceState(null, "", url);
}

function end(
  { reason, message }: { reason: CloseReason; message: string },
  choice: Choice,
  audio: MediaStreamTrack | boolean,
): void {
  const { title, text } = endText(reason, message);
  byId("ended-title").textContent = title;
  byId("ended-text").textContent = text;
  byId("again").textContent = reason === "left" ? "Join again" : "Try again";
  byId("ended").hidden = false;
  document.title = `${title} · Parley`;
  byId("ended-title").focus();
  byId("again").onclick = () => {
    byId("ended").hidden = true;
    void enter({ ...choice, track: undefined }, audio !== false);
  };
}

byId("back").onclick = start;

if (wanted.autojoin) {
  const name = wanted.name || memory.get("name") || "Guest";
  const room = wanted.room || friendlyRoom(Math.random);
  void enter({ name, room, track: undefined, muted: false }, true);
} else {
  start();
}
