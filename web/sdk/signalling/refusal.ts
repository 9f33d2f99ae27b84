// Why a connection was closed, and what follows from it. docs/signalling.md, "Connecting".

export type CloseReason =
  | "left"
  | "kicked"
  | "replaced"
  | "room-closed"
  | "room-full"
  | "capacity"
  | "no-such-room"
  | "unauthorized"
  | "forbidden"
  | "bad-request"
  | "too-large"
  | "unreachable"
  | "unsupported";

// resume: the session is still there; go on where it stopped.
// rejoin: the session is gone; a whole new one. `moved`: for the room is at another server now.
// `soon`: nobody asked to be left in peace.
// wait:   the server has no place for us now; a whole new one, after a while.
// end:    trying again would not help.
export type Verdict =
  | { next: "resume" | "rejoin"; moved?: true; soon?: true }
  | { next: "wait" | "end"; reason: CloseReason; message: string };

export function judgeClose(code: number, text: string, resuming: boolean): Verdict {
  const [, word = "", message = ""] = /^([a-z-]*):?\s*(.*)$/s.exec(text) ?? [];
  const end = (reason: CloseReason): Verdict => ({ next: "end", reason, message });
  switch (code) {
    case 4307:
      return { next: "rejoin", moved: true };
    case 4400:
      return end("bad-request");
    case 4401:
      return end("unauthorized");
    case 4403:
      return end(word === "kicked" ? "kicked" : "forbidden");
    case 4404:
      // Somebody who was in the room may open it anew; a newcomer is told.
      return resuming || word === "no-such-session" ? { next: "rejoin" } : end("no-such-room");
    case 4409:
      return end("replaced");
    case 4410:
      return end("room-closed");
    case 4413:
      return end("too-large");
    case 4429:
      if (word === "room-full") return { next: "wait", reason: "room-full", message };
      if (word === "capacity") return { next: "wait", reason: "capacity", message };
      return { next: "resume" };
    case 4500:
      return { next: "rejoin" };
    case 4502: // broke between two servers, which is no other than breaking before the first
      return { next: "resume", soon: true };
    default:
      return { next: "resume" };
  }
}
