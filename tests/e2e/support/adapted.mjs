// Configurations of deploy/ with what is another in a test.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { repository } from "./program.mjs";

// The text of a file with each first part of `places` replaced by its second one, wherever it
// stands. All must be there: a test does not go on with a file that has become another.
export async function adapted(name, places) {
  let text = await readFile(join(repository, name), "utf8");
  for (const [from, to] of places) {
    if (!text.includes(from)) throw new Error(`${name} has no "${from.trim()}"`);
    text = text.replaceAll(from, () => to);
  }
  return text;
}
