// The environment of a container, as the kubelet would make it.

import assert from "node:assert/strict";
import { find } from "./overlays.mjs";

const fields = {
  "status.podIP": "127.0.0.1",
  "metadata.name": "parley-controller-5d4f6c7b8-x2x7k",
  "metadata.namespace": "parley",
};
// What an operator puts into the secrets: docs/kubernetes.md.
export const secrets = {
  "parley-keys": {
    "admin-key": "an-administrators-key",
    "token-key": "2026:HS256:0123456789abcdef0123456789abcdef",
  },
  "parley-broker-default-user": { username: "parley", password: "a-password" },
};

function valueOf(entry, before) {
  if (entry.value !== undefined) {
    // Only what stands before it is known.
    return entry.value.replace(/\$\((\w+)\)/g, (_, name) => {
      assert.ok(before.has(name), `${entry.name} refers to ${name}, which is not there yet`);
      return before.get(name);
    });
  }
  const { fieldRef, secretKeyRef } = entry.valueFrom;
  const secret = secrets[secretKeyRef?.name]?.[secretKeyRef?.key];
  const value = fieldRef ? fields[fieldRef.fieldPath] : secret;
  assert.ok(value, `${entry.name} comes from nowhere: ${JSON.stringify(entry.valueFrom)}`);
  return value;
}

export function environment(objects, container) {
  const variables = new Map();
  for (const { configMapRef } of container.envFrom ?? []) {
    assert.match(configMapRef.name, /-[a-z0-9]{10}$/, "a change of it starts the pods anew");
    const map = find(objects, "ConfigMap", configMapRef.name);
    for (const [key, value] of Object.entries(map.data)) variables.set(key, value);
  }
  for (const entry of container.env ?? []) {
    assert.ok(!variables.has(entry.name), `${entry.name} is there twice`);
    variables.set(entry.name, valueOf(entry, variables));
  }
  return Object.fromEntries(variables);
}
