// The overlays of deploy/k8s as kustomize builds them.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

const root = fileURLToPath(new URL("../../../deploy/k8s/", import.meta.url));

// What is applied to a cluster by itself, and all that can be built: parts of overlays, too.
export const overlays = ["one-node", "small", "large"];
export const parts = readdirSync(root).filter((name) =>
  existsSync(`${root}${name}/kustomization.yaml`),
);

const built = new Map();

// The objects of an overlay, in the order in which they would be applied.
export function build(name) {
  if (!built.has(name)) {
    const done = spawnSync("kubectl", ["kustomize", root + name], { encoding: "utf8" });
    assert.equal(done.status, 0, `kubectl kustomize ${name}: ${done.error ?? done.stderr}`);
    const documents = parseAllDocuments(done.stdout, { uniqueKeys: true, merge: false });
    for (const { errors } of documents) assert.deepEqual(errors, [], name);
    built.set(name, documents.map((document) => document.toJS()));
  }
  return structuredClone(built.get(name));
}

export function title({ kind, metadata }) {
  return `${kind} ${metadata?.name}`;
}

// The one object of this kind and name; a generated one has a hash behind it.
export function find(objects, kind, name) {
  const hashed = new RegExp(`^${name}(-[a-z0-9]{10})?$`);
  const found = objects.filter((one) => one.kind === kind && hashed.test(one.metadata.name));
  assert.equal(found.length, 1, `${kind} ${name}`);
  return found[0];
}

// Every pod that an overlay would make: [title of its owner, the pod's template].
export function pods(objects) {
  return objects
    .filter((one) => ["Deployment", "StatefulSet", "DaemonSet", "Job"].includes(one.kind))
    .map((one) => [title(one), one.spec.template]);
}
