// The signalling of the SDK, for peers that are no pages: what they do when a connection is lost or
// refused is what pages do.

import { fileURLToPath } from "node:url";
import { bundle } from "../e2e/support/packages.mjs";

const source = fileURLToPath(new URL("../../web/sdk/signalling/link.ts", import.meta.url));

// The exports of web/sdk/signalling/link.ts.
export async function loadSignalling() {
  const { outputFiles } = await bundle({
    entryPoints: [source],
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    write: false,
  });
  const script = Buffer.from(outputFiles[0].contents).toString("base64");
  return import(`data:text/javascript;base64,${script}`);
}
