// What holds of every pod, and of those of the servers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { build, find, overlays, pods, title } from "./overlays.mjs";

const everyPod = overlays.flatMap((overlay) =>
  pods(build(overlay)).map(([owner, template]) => [`${overlay}: ${owner}`, template]),
);
const controllers = overlays.map((overlay) => {
  const objects = build(overlay);
  return [overlay, find(objects, "Deployment", "parley-controller"), objects];
});

function minutes(text) {
  const [, number, unit] = text.match(/^(\d+)(s|min|h)$/);
  return number * { s: 1 / 60, min: 1, h: 60 }[unit];
}

test("no pod is root, writes to its root file system, or may become more than it is", () => {
  assert.ok(everyPod.length >= 6);
  for (const [name, { spec }] of everyPod) {
    assert.equal(spec.securityContext.runAsNonRoot, true, name);
    assert.ok(spec.securityContext.runAsUser > 0, name);
    assert.equal(spec.securityContext.seccompProfile.type, "RuntimeDefault", name);
    for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
      const { securityContext } = container;
      assert.equal(securityContext.allowPrivilegeEscalation, false, name);
      assert.equal(securityContext.readOnlyRootFilesystem, true, name);
      assert.deepEqual(securityContext.capabilities, { drop: ["ALL"] }, name);
      assert.ok(container.resources.requests.cpu && container.resources.requests.memory, name);
      assert.ok(container.resources.limits.memory, name);
    }
  }
});

test("no secret is written down, and no image goes by whatever is the latest", () => {
  for (const overlay of overlays) {
    const objects = build(overlay);
    for (const object of objects) assert.notEqual(object.kind, "Secret", title(object));
    for (const [name, { spec }] of pods(objects)) {
      for (const { image } of [...spec.containers, ...(spec.initContainers ?? [])]) {
        assert.match(image, /:[\w.-]+$/, `${overlay}: ${name}: ${image}`);
        assert.ok(!image.endsWith(":latest"), name);
      }
    }
  }
});

test("only the router-service may ask Kubernetes for anything, and that is to patch pods", () => {
  for (const overlay of overlays) {
    for (const [name, { spec }] of pods(build(overlay))) {
      const may = name === "Deployment parley-router-service";
      assert.equal(spec.automountServiceAccountToken ?? true, may, name);
    }
    const roles = build(overlay).filter(({ kind }) => /Role$/.test(kind));
    for (const role of roles) {
      assert.equal(role.kind, "Role");
      assert.deepEqual(role.rules, [{ apiGroups: [""], resources: ["pods"], verbs: ["patch"] }]);
    }
  }
});

test("each worker has its UDP and its TCP port on the machine, and nobody else has", () => {
  for (const [overlay, { spec }, objects] of controllers) {
    const { data } = find(objects, "ConfigMap", "parley-controller");
    const base = Number(data.PARLEY_RTC_PORT);
    const wanted = [`${data.PARLEY_HTTP_PORT}/TCP`];
    for (let worker = 0; worker < Number(data.PARLEY_WORKERS); ++worker) {
      wanted.push(`${base + worker}/UDP`, `${base + worker}/TCP`);
    }
    const { ports, resources } = spec.template.spec.containers[0];
    const said = ports.map(({ hostPort, protocol }) => `${hostPort}/${protocol}`);
    assert.deepEqual(said, wanted, overlay);
    assert.ok(ports.every(({ hostPort, containerPort }) => hostPort === containerPort), overlay);
    assert.ok(ports.every(({ name }) => name.length <= 15), overlay);
    const { cpu } = resources.requests;
    const cores = cpu.endsWith("m") ? parseInt(cpu) / 1000 : Number(cpu);
    assert.ok(cores > Number(data.PARLEY_WORKERS), `${overlay}: a core for each worker, and more`);
    assert.equal(spec.template.spec.hostNetwork, true, overlay);
  }
});

test("a server is asked whether it takes rooms, and let live whatever the broker does", () => {
  for (const [overlay, { spec }] of controllers) {
    const { readinessProbe, livenessProbe } = spec.template.spec.containers[0];
    assert.equal(readinessProbe.httpGet.path, "/readyz", overlay);
    assert.equal(livenessProbe.httpGet.path, "/healthz", overlay);
    const patience = livenessProbe.periodSeconds * livenessProbe.failureThreshold;
    assert.ok(patience >= 60, `${overlay}: ending a server ends its calls`);
  }
});

test("a pod drains before it ends, and has the time to", () => {
  for (const [overlay, { spec }] of controllers) {
    const { lifecycle } = spec.template.spec.containers[0];
    const { command } = lifecycle.preStop.exec;
    assert.deepEqual(command.slice(0, 4), ["parleyctl", "drain", "--wait", "--for-good"], overlay);
    const deadline = minutes(command[command.indexOf("--deadline") + 1]);
    const grace = spec.template.spec.terminationGracePeriodSeconds / 60;
    assert.ok(deadline + 5 <= grace, `${overlay}: ${deadline} min of ${grace}`);
    assert.ok(spec.progressDeadlineSeconds / 60 > grace, overlay);
  }
});

test("maintenance takes one of each kind at a time, and never waits for ever", () => {
  for (const overlay of overlays) {
    const objects = build(overlay);
    const budgets = objects.filter(({ kind }) => kind === "PodDisruptionBudget");
    for (const [name, { metadata }] of pods(objects)) {
      const own = budgets.filter(
        ({ spec }) =>
          spec.selector.matchLabels["app.kubernetes.io/name"] ===
          metadata.labels["app.kubernetes.io/name"],
      );
      assert.equal(own.length, 1, `${overlay}: ${name}`);
      assert.deepEqual(Object.keys(own[0].spec).sort(), ["maxUnavailable", "selector"], name);
    }
  }
});

test("every selector finds pods of its overlay, unless an operator makes them", () => {
  for (const overlay of overlays) {
    const objects = build(overlay);
    const operated = objects.filter(({ kind }) => kind === "RabbitmqCluster");
    const labels = [
      ...pods(objects).map(([, { metadata }]) => metadata.labels),
      ...operated.map(({ metadata }) => ({ "app.kubernetes.io/name": metadata.name })),
    ];
    for (const object of objects) {
      const { spec } = object;
      const selector = {
        Deployment: () => spec.selector.matchLabels,
        NetworkPolicy: () => spec.podSelector.matchLabels ?? {},
        PodDisruptionBudget: () => spec.selector.matchLabels,
        PodMonitor: () => spec.selector.matchLabels,
        Service: () => spec.selector,
        ServiceMonitor: () => spec.selector.matchLabels,
        StatefulSet: () => spec.selector.matchLabels,
      }[object.kind]?.();
      if (!selector) continue;
      const found = labels.some((one) =>
        Object.entries(selector).every(([key, value]) => one[key] === value),
      );
      assert.ok(found, `${overlay}: ${title(object)} is of nobody`);
    }
  }
});
