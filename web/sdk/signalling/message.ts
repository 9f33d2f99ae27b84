// protoo: JSON text frames, requests and their responses both ways, notifications.
// docs/signalling.md, "Messages".

export interface IncomingRequest {
  kind: "request";
  seq: number | undefined;
  id: number;
  method: string;
  data: unknown;
}
export interface IncomingResponse {
  kind: "response";
  seq: number | undefined;
  id: number;
  answer: { ok: true; data: unknown } | { ok: false; code: number; reason: string };
}
export interface IncomingNotification {
  kind: "notification";
  seq: number | undefined;
  method: string;
  data: unknown;
}
export type Incoming = IncomingRequest | IncomingResponse | IncomingNotification;

// Undefined for anything that is not a protoo message.
export function parseMessage(text: string): Incoming | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return undefined;
  }
  const message = record(raw);
  const seq = integer(message.seq);
  const id = integer(message.id);
  const method = typeof message.method === "string" ? message.method : undefined;
  if (message.notification === true && method !== undefined) {
    return { kind: "notification", seq, method, data: message.data };
  }
  if (id === undefined) return undefined;
  if (message.request === true && method !== undefined) {
    return { kind: "request", seq, id, method, data: message.data };
  }
  if (message.response !== true) return undefined;
  const answer =
    message.ok === true
      ? ({ ok: true, data: message.data } as const)
      : ({
          ok: false,
          code: integer(message.errorCode) ?? 500,
          reason: typeof message.errorReason === "string" ? message.errorReason : "no reason given",
        } as const);
  return { kind: "response", seq, id, answer };
}

export function writeRequest(id: number, method: string, data: unknown): string {
  return JSON.stringify({ request: true, id, method, data: data ?? {} });
}

export function writeAnswer(id: number, data: unknown): string {
  return JSON.stringify({ response: true, id, ok: true, data: data ?? {} });
}

export function writeRefusal(id: number, code: number, reason: string): string {
  return JSON.stringify({ response: true, id, ok: false, errorCode: code, errorReason: reason });
}

// Reads the fields of what may be anything: an object's own, or none.
export function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function integer(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}
