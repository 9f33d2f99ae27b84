// https without a proxy: a phone on the same network, by a certificate that was made on the spot.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { promisify } from "node:util";
import { startChromium } from "./support/browsers.mjs";
import { join } from "./support/people.mjs";
import { freeTcpPort } from "./support/ports.mjs";
import { repository } from "./support/program.mjs";
import { startRabbitMq } from "./support/rabbitmq.mjs";
import { startRouterService } from "./support/router_service.mjs";
import { scenario } from "./support/scenario.mjs";
import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

const run = promisify(execFile);

// What script/lan_certificate keeps in a directory of this test.
async function lanCertificate(t) {
  const directory = await mkdtemp(path(tmpdir(), "parley-lan-"));
  t.after(() => rm(directory, { recursive: true }));
  const keep = async () => {
    const { stdout } = await run(path(repository, "script/lan_certificate"), [directory]);
    return stdout.trim().split("\n");
  };
  const certificate = path(directory, "certificate.pem");
  return { keep, certificate, key: path(directory, "key.pem") };
}

scenario("people on the same network meet over https, without a proxy", async (t) => {
  const { keep, certificate, key } = await lanCertificate(t);
  const [address] = await keep();
  const port = await freeTcpPort();
  const server = await startServer(t, {
    args: [
      ...["--tls-certificate", certificate, "--tls-key", key],
      ...["--https-listen", "0.0.0.0", "--https-port", String(port)],
    ],
  });
  const chromium = await startChromium(t, { args: ["--ignore-certificate-errors"] });
  const lan = { url: `https://${address}:${port}` };
  const [ada, bob] = await Promise.all([
    join(t, chromium, lan, "standup", "Ada", 400),
    join(t, chromium, lan, "standup", "Bob", 700),
  ]);
  await Promise.all([ada.hears([bob]), bob.hears([ada])]);
  assert.equal(await ada.page.evaluate(() => isSecureContext), true);
  const room = await server.api("GET", "/v1/rooms/standup");
  assert.equal(room.body.peers.length ?? room.body.peers, 2);
});

scenario("a router-service serves https too, by the certificate that is there now", async (t) => {
  const { keep, certificate, key } = await lanCertificate(t);
  const [address] = await keep();
  const { url: broker } = await startRabbitMq(t);
  const port = await freeTcpPort();
  await startRouterService(t, {
    broker,
    args: [
      ...["--tls-certificate", certificate, "--tls-key", key],
      ...["--https-listen", "0.0.0.0", "--https-port", String(port)],
    ],
  });
  // Believes nothing but what is in the file at this moment.
  const status = async () => {
    const ca = await readFile(certificate);
    return new Promise((resolve, reject) => {
      get(`https://${address}:${port}/healthz`, { ca, agent: false }, (answer) => {
        answer.resume().on("end", () => resolve(answer.statusCode));
      }).on("error", reject);
    });
  };
  assert.equal(await status(), 200);
  await rm(certificate);
  await keep();
  await until("it shows the new one", async () => (await status()) === 200, { ms: 30_000 });
});

scenario("the certificate stays the same while the addresses do", async (t) => {
  const { keep, certificate, key } = await lanCertificate(t);
  const addresses = await keep();
  const first = await readFile(certificate, "utf8");
  const names = await run("openssl", ["x509", "-in", certificate, "-noout", "-text"]);
  for (const address of addresses.filter((one) => one.includes("."))) {
    assert(names.stdout.includes(`IP Address:${address}`), `${address} is not in it`);
  }
  assert.equal((await stat(key)).mode & 0o077, 0, "the key is for its owner alone");
  await keep();
  assert.equal(await readFile(certificate, "utf8"), first);
  // One of another machine, or of another address of this one, is of no use.
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-subj", "/CN=x", "-addext", "subjectAltName=IP:192.0.2.77"],
    ...["-keyout", key, "-out", certificate],
  ]);
  await keep();
  const third = await run("openssl", ["x509", "-in", certificate, "-noout", "-text"]);
  assert(third.stdout.includes(`IP Address:${addresses[0]}`));
});
