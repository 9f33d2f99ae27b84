// A real coturn with deploy/coturn/turnserver.conf, in a directory and on ports of its own.

import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { adapted } from "./adapted.mjs";
import { freeTcpPort } from "./ports.mjs";
import { Program } from "./program.mjs";
import { witness } from "./scenario.mjs";
import { until } from "./until.mjs";

const run = promisify(execFile);

// An address that is not this machine's alone: a relay takes no others.
function ownAddress() {
  const addresses = Object.values(networkInterfaces()).flat();
  return addresses.find(({ internal, family }) => !internal && family === "IPv4").address;
}

// Starts one that relays to this machine; it ends with the test `t`. Gives { url,
// secret, address, log(), reach() }.
export async function startCoturn(t) {
  const directory = await mkdtemp(join(tmpdir(), "parley-coturn-"));
  const address = ownAddress();
  const port = await freeTcpPort();
  const secret = "a-secret-of-this-test";
  const text = await adapted("deploy/coturn/turnserver.conf", [
    ["\nlistening-port=3478\n", `\nlistening-port=${port}\nlistening-ip=${address}\n`],
    ["\ntls-listening-port=5349\n", `\nrelay-ip=${address}\npidfile=${directory}/pid\n`],
    ["\nstatic-auth-secret=change-me-change-me-change-me", `\nstatic-auth-secret=${secret}`],
    ["cert=/etc/coturn/certificate.pem\npkey=/etc/coturn/key.pem\n", "no-tls\nno-dtls\n"],
    ["allowed-peer-ip=203.0.113.5", `allowed-peer-ip=${address}`],
  ]);
  const file = join(directory, "turnserver.conf");
  await writeFile(file, text);
  const log = join(directory, "coturn.log");
  const coturn = new Program(
    "/usr/bin/turnserver",
    ["-c", file, "--userdb", join(directory, "users"), "--verbose"],
    { log },
  );
  const says = () => readFile(log, "utf8");
  t.after(async () => {
    await coturn.stop();
    await rm(directory, { recursive: true });
  });
  witness(t, async () => `== coturn\n${(await says()).split("\n").slice(-80).join("\n")}`);
  coturn.start();
  await until("coturn listens", async () => {
    if (!coturn.runs) throw new Error("it ended");
    return /listener opened on/.test(await says());
  });
  return {
    url: `turn:${address}:${port}?transport=udp`,
    secret,
    address,
    log: says,
    // Sends something through it to an address, as coturn's own client does, and gives what that
    // client said. At its own address there is a second client, and elsewhere nobody: that it finds
    // out by its time running out.
    async reach(to) {
      const username = `${Math.floor(Date.now() / 1000) + 3600}:ada`;
      const password = createHmac("sha1", secret).update(username).digest("base64");
      const peer = to === address ? ["-y"] : ["-e", to];
      const client = run(
        "turnutils_uclient",
        ["-u", username, "-w", password, "-p", `${port}`, "-n", "2", "-c", ...peer, address],
        { timeout: 8_000 },
      );
      return client.then(
        ({ stdout }) => stdout,
        (error) => error.stdout,
      );
    },
  };
}
