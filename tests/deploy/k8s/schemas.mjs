// What the schemas of Kubernetes and of the operators say of an object. Keys that they do not know,
// keys that are missing, and types come from their TypeScript types; values from their validators.

import { fileURLToPath } from "node:url";
import ts from "typescript";

const here = fileURLToPath(new URL("./", import.meta.url));
const packages = {
  "keda.sh": "@kubernetes-models/keda/keda.sh",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator/monitoring.coreos.com",
};

// Where the type of an object is, and its name there.
function typeOf({ apiVersion, kind }) {
  if (apiVersion === "rabbitmq.com/v1beta1") {
    return { module: "./rabbitmq_cluster.js", name: kind };
  }
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  const folder = packages[group] ?? (group ? `kubernetes-models/${group}` : "kubernetes-models");
  return { module: `${folder}/${version}/${kind}`, name: `I${kind}`, model: kind };
}

function complaintsOfTypes(objects) {
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  };
  const texts = new Map(
    objects.map((object, at) => {
      const { module, name } = typeOf(object);
      const text = `import type { ${name} } from "${module}";
export const object: ${name} = ${JSON.stringify(object, null, 1)};\n`;
      return [`${here}object_${at}.ts`, text];
    }),
  );
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (name) => texts.get(name) ?? readFile(name);
  host.fileExists = (name) => texts.has(name) || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    texts.has(name)
      ? ts.createSourceFile(name, texts.get(name), options.target)
      : getSourceFile(name, ...rest);
  const program = ts.createProgram([...texts.keys()], options, host);
  return [...texts.keys()].map((name) => {
    const source = program.getSourceFile(name);
    return [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ].map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  });
}

async function complaintsOfValues(object) {
  const { module, model } = typeOf(object);
  if (!model) return [];
  try {
    new (await import(module))[model](object).validate();
    return [];
  } catch (error) {
    return [error.message];
  }
}

// For each object what is wrong with it: nothing, if it is as it should be.
export async function complaints(objects) {
  const types = complaintsOfTypes(objects);
  const values = await Promise.all(objects.map(complaintsOfValues));
  return objects.map((_, at) => [...types[at], ...values[at]]);
}
