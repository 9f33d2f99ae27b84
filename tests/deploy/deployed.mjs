// The files of deploy/, as tests look at them.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { repository } from "../e2e/support/program.mjs";

export const prometheus = join(repository, "deploy/prometheus");
export const dashboards = ["capacity", "quality"];

export function dashboardFile(name) {
  return join(repository, `deploy/grafana/${name}.json`);
}

export async function dashboard(name) {
  return JSON.parse(await readFile(dashboardFile(name), "utf8"));
}

// All queries of a dashboard: [{ panel, expr }].
export function queries({ panels }) {
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ panel: title, expr })),
  );
}

// The rules of one of the files: [{ record | alert, expr, for, runbook }]. promtool has found that
// they are YAML, and these are written in one shape.
export async function rules(file) {
  const text = await readFile(join(prometheus, file), "utf8");
  return text
    .split(/^ {6}- (?=record: |alert: )/m)
    .slice(1)
    .map((rule) => {
      const member = (name) => rule.match(new RegExp(`^ *${name}: (.*(?:\n {10,}.*)*)`, "m"))?.[1];
      const expr = member("expr").replace(/^>-\n/, "").replace(/\s+/g, " ").trim();
      return {
        record: rule.match(/^record: (\S+)/)?.[1],
        alert: rule.match(/^alert: (\S+)/)?.[1],
        runbook: rule.match(/^ +runbook: (\S+)/m)?.[1],
        expr,
      };
    });
}

// The metrics that an expression names, histograms by their family.
export function metricsOf(expr) {
  const names = expr.match(/(?<![\w:])(?:parley|process)_[a-z_]+(?![\w:])/g) ?? [];
  return [...new Set(names)].map((name) => name.replace(/_(bucket|sum|count)$/, ""));
}
