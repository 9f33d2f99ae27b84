// docs/kubernetes.md, "Step by step", as far as it goes without a cluster.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { build, find, pods } from "./overlays.mjs";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const page = readFileSync(join(repository, "docs/kubernetes.md"), "utf8");

// A directory of the test's own, beside which there is a clone.
function directoryOf(t) {
  const parent = mkdtempSync(join(tmpdir(), "parley-k8s-"));
  t.after(() => rmSync(parent, { recursive: true }));
  symlinkSync(repository, join(parent, "parley"));
  mkdirSync(join(parent, "own"));
  return join(parent, "own");
}

function run(command, args, cwd) {
  const done = spawnSync(command, args, { cwd, encoding: "utf8" });
  assert.equal(done.status, 0, `${command} ${args.join(" ")}: ${done.error ?? done.stderr}`);
  return done.stdout;
}

const objectsOf = (text) =>
  parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter((one) => one !== null);

// What the page has in a block of code of this language that contains `part`.
function block(language, part) {
  const blocks = [...page.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs"))];
  const found = blocks.map(([, text]) => text).find((text) => text.includes(part));
  assert(found, `docs/kubernetes.md has no ${language} with ${part}`);
  return found;
}

// The secrets that a pod of this template wants: { name: [key] }.
function wanted({ spec }) {
  const found = {};
  const want = (name, keys) => (found[name] = [...(found[name] ?? []), ...keys]);
  for (const { env = [] } of [...spec.containers, ...(spec.initContainers ?? [])]) {
    for (const { valueFrom } of env) {
      const from = valueFrom?.secretKeyRef;
      if (from) want(from.name, [from.key]);
    }
  }
  for (const { secret } of spec.volumes ?? []) {
    if (secret) want(secret.secretName, (secret.items ?? []).map(({ key }) => key));
  }
  return found;
}

test("the commands make every secret that the pods want, with every key", (t) => {
  const directory = directoryOf(t);
  const dry = `kubectl() {
    [[ " $* " == *" create secret "* ]] || return 0
    command kubectl "$@" --dry-run=client -o yaml
    echo ---
}
`;
  const said = run("bash", ["-euc", dry + block("sh", "create secret")], directory);
  const secrets = new Map(objectsOf(said).map((one) => [one.metadata.name, one]));
  for (const [owner, template] of pods(build("small"))) {
    for (const [name, keys] of Object.entries(wanted(template))) {
      const secret = secrets.get(name);
      assert.equal(secret?.metadata.namespace, "parley", `${name}, of ${owner}`);
      for (const key of keys) assert(secret.data[key]?.length > 0, `${key} of ${name}`);
    }
  }
  const keys = secrets.get("parley-keys").data;
  const tokenKey = Buffer.from(keys["token-key"], "base64").toString();
  assert.match(tokenKey, /^[a-z0-9]+:HS256:.{32,}$/);
  // Those who are to believe the broker's certificate know it by the name that they ask for.
  const name = "parley-broker.parley.svc";
  run("openssl", ["verify", "-CAfile", "broker.crt", "-verify_hostname", name, "broker.crt"],
    directory);
});

test("an overlay of one's own says where the images are, and the hostname", (t) => {
  const { clientVersion } = JSON.parse(run("kubectl", ["version", "--client", "-o", "json"]));
  if (parseInt(clientVersion.minor) < 21) return t.skip("its kustomize is of before 4.0");
  const directory = directoryOf(t);
  writeFileSync(join(directory, "kustomization.yaml"), block("yaml", "parley/deploy/k8s/small"));
  const objects = objectsOf(run("kubectl", ["kustomize", directory]));
  for (const [, { spec }] of pods(objects)) {
    for (const { image } of spec.containers) {
      assert.match(image, /^(registry\.example\/parley-[a-z-]+:0\.1\.0$|rabbitmq:)/);
    }
  }
  const { spec } = find(objects, "Ingress", "parley");
  assert.equal(spec.rules[0].host, "voice.your.example");
  assert.deepEqual(spec.tls[0].hosts, ["voice.your.example"]);
  const settings = find(objects, "ConfigMap", "parley-controller").data;
  assert.equal(settings.PARLEY_PUBLIC_URL, "https://voice.your.example");
});
