// deploy/systemd as systemd itself reads it. It is asked offline: none of the units is started.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build, repository } from "./support/program.mjs";
import { scenario } from "./support/scenario.mjs";

const run = promisify(execFile);
const folder = join(repository, "deploy/systemd");

const units = {
  "parley-controller.service": join(build, "controller/parley-controller"),
  "parley-router-service.service": join(build, "router-service/parley-router-service"),
};

// Gives the paths of copies of the units that start what was built, in a directory of the test's.
async function copies(t) {
  const directory = await mkdtemp(join(tmpdir(), "parley-units-"));
  t.after(() => rm(directory, { recursive: true }));
  const paths = Object.entries(units).map(async ([name, program]) => {
    const text = await readFile(join(folder, name), "utf8");
    const installed = `/usr/bin/${program.split("/").at(-1)}`;
    assert(text.includes(`ExecStart=${installed}`), `${name} does not start ${installed}`);
    const path = join(directory, name);
    await writeFile(path, text.replace(installed, program));
    return path;
  });
  return { directory, paths: await Promise.all(paths) };
}

scenario("systemd finds no fault in the units", async (t) => {
  const { paths } = await copies(t);
  const { stderr } = await run("systemd-analyze", ["verify", "--man=no", ...paths]);
  const about = stderr.split("\n").filter((line) => line.includes("parley"));
  assert.deepEqual(about, []);
});

scenario("what a unit could do to its machine stays small", async (t) => {
  const { paths } = await copies(t);
  // Tenths of systemd's exposure from 0 to 10; a unit that says nothing has 9.6.
  const threshold = "--threshold=20";
  for (const path of paths) {
    await run("systemd-analyze", ["security", "--offline=true", "--no-pager", threshold, path]);
  }
});

scenario("a port below 1024 takes one capability, and no other", async (t) => {
  const { directory, paths } = await copies(t);
  const unit = await readFile(paths[0], "utf8");
  const port443 = await readFile(join(folder, "parley-controller-443.conf"), "utf8");
  const path = join(directory, "parley-with-port-443.service");
  await writeFile(path, unit.replace("[Install]", `${port443}\n[Install]`));
  const { stdout } = await run("systemd-analyze", [
    ...["security", "--offline=true", "--no-pager", "--json=short", path],
  ]);
  const granted = JSON.parse(stdout).filter(
    ({ json_field: field, set }) => /^CapabilityBoundingSet/.test(field) && set === false,
  );
  assert.equal(granted.length, 1, JSON.stringify(granted));
  assert.match(granted[0].json_field, /NET_BIND_SERVICE/);
});

scenario("what the units are given to read, their programs can read", async () => {
  const program = units["parley-controller.service"];
  const config = join(folder, "controller.toml");
  const { stdout } = await run(program, ["--print-config", "--config", config]);
  assert.match(stdout, /^public-url = "https:\/\/voice\.example"$/m);
});
