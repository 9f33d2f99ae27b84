// What the page says, all of it in one place.

import type { CloseReason, MicrophoneState, Quality, QualityLevel, RoomState } from "../sdk/index.js";

// Undefined: nothing to say. Some seconds of trouble are not worth a word; see `slow`.
export function troubleText(state: RoomState): string | undefined {
  if (state.name !== "reconnecting" && state.name !== "connecting") return undefined;
  const here = state.name === "reconnecting";
  if (state.what === "room-full") return "The room is full. Waiting for a place…";
  if (state.what === "capacity") return "The server is busy. Waiting for a place…";
  if (state.what === "media") {
    return here ? "Your connection was interrupted. Reconnecting…" : "Joining…";
  }
  if (state.attempt < 2) {
    return here ? "Reconnecting… The others can still hear you." : "Joining…";
  }
  return "The server is away. Trying again…";
}

export function endText(reason: CloseReason, message: string): { title: string; text: string } {
  const said = message === "" ? "" : ` They said: “${message}”.`;
  switch (reason) {
    case "left":
      return { title: "You left the room", text: "See you soon." };
    case "kicked":
      return { title: "You were asked to leave", text: `Somebody who looks after this room asked you to leave.${said}` };
    case "replaced":
      return { title: "You are here from somewhere else", text: "You joined this room again from another tab or device." };
    case "room-closed":
      return { title: "The room was closed", text: "The conversation is over." };
    case "room-full":
      return { title: "The room is full", text: "As soon as somebody leaves there will be a place for you." };
    case "capacity":
      return { title: "The server is busy", text: "It has no place for more people right now. Try again in a moment." };
    case "no-such-room":
      return { title: "There is no such room", text: "It may have been closed, or its name is spelled otherwise." };
    case "unauthorized":
      return { title: "Your invitation is not valid", text: "It may have expired. Ask for a new one." };
    case "forbidden":
      return { title: "You may not join this room", text: "Your invitation does not allow it." };
    case "unreachable":
      return { title: "The server is away", text: "It does not answer. Check your connection, or try again in a moment." };
    case "unsupported":
      return { title: "This browser can not join", text: `It does not speak WebRTC as this room needs it. A current Chrome, Firefox, Edge or Safari does.${message && ` (${message})`}` };
    case "bad-request":
    case "too-large":
      return { title: "The server did not understand", text: message === "" ? "Reload the page and try again." : message };
  }
}

// Undefined: all is well, or as one chose.
export function microphoneText(state: MicrophoneState): string | undefined {
  switch (state) {
    case "off":
    case "live":
      return undefined;
    case "refused":
      return "The microphone is not allowed here. Click the icon beside the page's address, allow the microphone, and ask again. Or join and only listen.";
    case "missing":
      return "No microphone was found. Plug one in and ask again, or join and only listen.";
    case "busy":
      return "The microphone does not answer. Another program may be using it. Ask again, or join and only listen.";
    case "insecure":
      return "Browsers give the microphone only to pages that came over https. You can join and listen.";
    case "lost":
      return "Your microphone was unplugged, and there is no other. The others can not hear you.";
    case "forbidden":
      return "In this room you may listen, but not speak.";
  }
}

export const qualityWords: Record<QualityLevel, string> = {
  good: "good connection",
  fair: "fair connection",
  poor: "poor connection",
  lost: "connection lost",
};

export function qualityText({ level, rttMs, lossPercent }: Quality): string {
  if (level === "lost") return qualityWords.lost;
  const parts: string[] = [qualityWords[level]];
  if (rttMs !== undefined) parts.push(`${Math.round(rttMs)} ms`);
  if (lossPercent >= 1) parts.push(`${Math.round(lossPercent)} % lost`);
  return parts.join(", ");
}

export function countText(people: number): string {
  return people === 1 ? "only you" : `${people} people`;
}

// Several at once are one sentence: a screen reader would otherwise never come to an end.
export function comingsText(joined: string[], left: string[]): string {
  const part = (names: string[], did: string) =>
    names.length === 0 ? "" : `${names.length > 3 ? `${names.length} people` : names.join(", ")} ${did}.`;
  return [part(joined, "joined"), part(left, "left")].filter((text) => text !== "").join(" ");
}
