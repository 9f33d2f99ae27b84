// Every overlay builds, and is what Kubernetes and the operators understand.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { build, find, overlays, parts, title } from "./overlays.mjs";
import { complaints } from "./schemas.mjs";

test("every object of every overlay is as its schema says, and no key is unknown", async () => {
  const all = parts.flatMap((part) => build(part).map((object) => [part, object]));
  assert.ok(all.length > 50, `${all.length} objects`);
  const said = await complaints(all.map(([, object]) => object));
  said.forEach((wrong, at) => {
    const [part, object] = all[at];
    assert.deepEqual(wrong, [], `${part}: ${title(object)}`);
  });
});

test("a key that does not exist, one that is missing and a wrong value are found", async () => {
  const large = build("large");
  const broken = (kind, name, change) => {
    const object = structuredClone(find(large, kind, name));
    change(object);
    return object;
  };
  const container = (object) => object.spec.template.spec.containers[0];
  const objects = [
    broken("Deployment", "parley-controller", (one) => {
      container(one).readinesProbe = container(one).readinessProbe;
    }),
    broken("Deployment", "parley-controller", (one) => {
      one.spec.template.spec.containers[0].securityContext.capabilities.dropp = ["ALL"];
    }),
    broken("Deployment", "parley-controller", (one) => delete one.spec.selector),
    broken("Deployment", "parley-controller", (one) => (container(one).ports[0].protocol = 17)),
    broken("ScaledObject", "parley-controller", (one) => (one.spec.maxReplicas = 3)),
    broken("ScaledObject", "parley-controller", (one) => delete one.spec.triggers[0].metadata),
    broken("ServiceMonitor", "parley-controller", ({ spec }) => {
      spec.endpoints[0].intervall = "1s";
    }),
    broken("RabbitmqCluster", "parley-broker", (one) => (one.spec.tls.secret = "other")),
    broken("NetworkPolicy", "parley-broker", (one) => (one.spec.ingress[0].port = [])),
  ];
  for (const [at, wrong] of (await complaints(objects)).entries()) {
    assert.notDeepEqual(wrong, [], `number ${at} was taken`);
  }
});

test("the rules are those of deploy/prometheus: deploy/k8s/monitoring/make-rules", () => {
  const large = build("large");
  // Kustomize folds the lines of an expression anew, which changes nothing in it.
  const folded = (spec) =>
    JSON.parse(JSON.stringify(spec), (_, one) =>
      typeof one === "string" ? one.replace(/\s+/g, " ") : one,
    );
  for (const name of ["alerts", "recording"]) {
    const file = new URL(`../../../deploy/prometheus/${name}.yml`, import.meta.url);
    const { spec } = find(large, "PrometheusRule", `parley-${name}`);
    assert.deepEqual(folded(spec), folded(parse(readFileSync(file, "utf8"))));
    assert.ok(spec.groups.length > 0);
  }
});

test("an overlay needs no other than itself: names that are referred to are there", () => {
  for (const overlay of overlays) {
    const objects = build(overlay);
    const names = new Set(objects.map(title));
    assert.equal(names.size, objects.length, `${overlay}: an object is there twice`);
    for (const object of objects) {
      const spec = object.spec?.template?.spec;
      if (spec) assert.ok(names.has(`ServiceAccount ${spec.serviceAccountName}`), title(object));
      if (object.kind === "PodDisruptionBudget" || object.kind === "NetworkPolicy") continue;
      const target = object.spec?.scaleTargetRef;
      if (target) assert.ok(names.has(`Deployment ${target.name}`), title(object));
    }
  }
});
