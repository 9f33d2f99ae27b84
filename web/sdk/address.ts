// Where a room's server is.

const idPattern = /^[A-Za-z0-9_.:-]{1,64}$/;

// docs/signalling.md, "Connecting".
export function isId(text: string): boolean {
  return idPattern.test(text);
}

export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return Array.from(bytes, (byte) => (byte % 36).toString(36)).join("");
}

// `server` is ws(s):// or http(s)://, or relative to `base`. Throws TypeError when it is none.
export function signallingUrl(
  server: string,
  base: string | undefined,
  query: Record<string, string>,
): string {
  const url = new URL(server, base);
  const scheme = { "http:": "ws:", "https:": "wss:", "ws:": "ws:", "wss:": "wss:" }[url.protocol];
  if (scheme === undefined) throw new TypeError(`not an address of a server: ${server}`);
  url.protocol = scheme;
  url.hash = "";
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}
