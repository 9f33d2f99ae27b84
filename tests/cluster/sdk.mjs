// The signalling of the SDK, for peers that are no pages: what they do when a connection is lost or
// refused is what pages do.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "../e2e/support/packages.mjs";

const source = fileURLToPath(new URL("../../web/sdk/signalling/link.ts", import.meta.url));

// The exports of web/sdk/signalling/link.ts.
export async function loadSignalling() {
  const directory = await mkdtemp(join(tmpdir(), "parley-sdk-"));
  const outfile = join(directory, "link.mjs");
  try {
    await bundle({
      entryPoints: [source],
      bundle: true,
      format: "esm",
      platform: "neutral",
      target: "es2022",
      outfile,
    });
    return await import(outfile);
  } finally {
    await rm(directory, { recursive: true });
  }
}
