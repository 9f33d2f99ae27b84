// The root file systems of the images, made as the Containerfile makes them, and programs run in
// them as a container would: no root, nothing to write to but what is mounted.

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";

const directory = process.env.E2E_BUILD ?? new URL("../../../build", import.meta.url).pathname;
const rootfs = new URL("../../../deploy/container/rootfs", import.meta.url).pathname;
const chroot = "/usr/sbin/chroot";
const port = 4400;

// Only root may change its root; a mapped one may not become somebody else.
const isRoot = readFileSync("/proc/self/uid_map", "utf8").split(/\s+/).filter(Boolean)[2] > 1;
const nobody = isRoot ? ["--userspec=10001:10001"] : [];

// An image's root, read-only, with an empty /run to write to.
function makeRoot(t, image) {
  const root = mkdtempSync(`${tmpdir()}/parley-image-`);
  chmodSync(root, 0o755);
  const web = `${root}-web`;
  mkdirSync(web);
  writeFileSync(`${web}/index.html`, "the page");
  execFileSync(rootfs, [image, directory, web, root]);
  const devices = ["/dev/null", "/dev/urandom"];
  for (const device of devices) writeFileSync(root + device, "");
  const mounts = [
    ["--bind", root, root],
    ["-o", "remount,bind,ro", root],
    ["-t", "tmpfs", "-o", "mode=1777", "tmpfs", `${root}/run`],
    // A container has them of its own.
    ...devices.map((device) => ["--bind", device, root + device]),
    ["-t", "proc", "proc", `${root}/proc`],
  ];
  for (const mount of mounts) execFileSync("mount", mount);
  t.after(() => {
    for (const at of ["/proc", ...devices, "/run", ""]) execFileSync("umount", ["-l", root + at]);
    rmSync(root, { recursive: true });
    rmSync(web, { recursive: true });
  });
  return root;
}

async function until(what, condition) {
  const end = Date.now() + 60_000;
  for (;;) {
    const value = await condition().catch(() => undefined);
    if (value) return value;
    assert.ok(Date.now() < end, what());
    await new Promise((done) => setTimeout(done, 50));
  }
}

const get = (path) => fetch(`http://127.0.0.1:${port}${path}`);

// The pids of a program.
function processes(name) {
  return execFileSync("ps", ["-eo", "pid=,ppid=,comm="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , program]) => program === name.slice(0, 15))
    .map(([pid]) => Number(pid));
}

test("the router-service is all that is in its image, and starts there", (t) => {
  const root = makeRoot(t, "router-service");
  const args = [...nobody, root, "/usr/bin/parley-router-service", "--help"];
  const { status, stdout, stderr } = spawnSync(chroot, args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /--scale-target/);
  const found = execFileSync("ls", [`${root}/usr/bin`], { encoding: "utf8" });
  assert.equal(found, "parley-router-service\n");
  assert.equal(readFileSync(`${root}/usr/share/parley/dashboard/index.html`, "utf8"), "the page");
});

test("a controller that crashes is started again while its workers go on", async (t) => {
  const root = makeRoot(t, "controller");
  const child = spawn(chroot, [...nobody, root, "/usr/bin/parley-server"], {
    env: {
      PATH: "/usr/bin:/bin",
      PARLEY_HTTP_LISTEN: "127.0.0.1",
      PARLEY_HTTP_PORT: String(port),
      PARLEY_RTC_LISTEN: "127.0.0.1",
      PARLEY_WORKERS: "1",
      PARLEY_RUN_DIRECTORY: "/run/parley/server",
      PARLEY_WEB_ROOT: "/usr/share/parley/web",
    },
    stdio: ["ignore", "inherit", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (said += text));
  const ended = once(child, "close");
  t.after(() => {
    const left = ["parley-controller", "parley-worker"].flatMap(processes);
    for (const pid of [child.pid, ...left]) spawnSync("kill", ["-9", String(pid)]);
  });

  await until(() => `ready: ${said}`, async () => (await get("/readyz")).ok);
  assert.equal(await (await get("/")).text(), "the page");
  const [controller] = processes("parley-controller");
  const [worker] = processes("parley-worker");
  process.kill(controller, "SIGKILL");
  await until(
    () => `another controller: ${said}`,
    async () => processes("parley-controller")[0] > controller,
  );
  await until(() => `ready again: ${said}`, async () => (await get("/readyz")).ok);
  assert.deepEqual(processes("parley-worker"), [worker]);

  const drained = spawnSync(
    chroot,
    [...nobody, root, "/usr/bin/parleyctl", "drain", "--wait", "--for-good"],
    { env: { PARLEY_RUN_DIRECTORY: "/run/parley/server" }, encoding: "utf8" },
  );
  assert.equal(drained.status, 0, drained.stderr);
  assert.match(drained.stdout, /^drained: 0 rooms/m);
  const answer = await get("/readyz");
  assert.equal(answer.status, 503);
  assert.equal((await answer.json()).reason, "draining");
  assert.ok((await get("/healthz")).ok);
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null], said);
  assert.deepEqual(processes("parley-worker"), []);
});

test("a mistake in the configuration ends the container, and is not tried again", (t) => {
  const root = makeRoot(t, "controller");
  const args = [...nobody, root, "/usr/bin/parley-server", "--rtc-port", "none"];
  const { status, stderr } = spawnSync(chroot, args, { encoding: "utf8", timeout: 10_000 });
  assert.equal(status, 2);
  assert.equal(stderr.match(/controller: rtc-port/g).length, 1, stderr);
});
