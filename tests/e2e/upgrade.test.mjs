// A cluster that is upgraded while people talk in it: what script/cluster --upgrade says of it. In
// a process of its own, because libdatachannel's threads let none end by itself.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { repository } from "./support/program.mjs";
import { scenario } from "./support/scenario.mjs";

scenario("a cluster is upgraded, and back, while people talk in it", async (t) => {
  const args = [join(repository, "tests/cluster/main.mjs"), "--upgrade"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "pipe"] });
  t.after(() => child.kill("SIGTERM"));
  createInterface({ input: child.stderr }).on("line", (line) => t.diagnostic(line));
  const [code] = await once(child, "close");
  assert.equal(code, 0, "the diagnostics say what did not go well");
});
