// Builds web/dist, the voice room and the SDK with its types, and web/dist-dashboard. With --tests:
// build/tests.
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

process.chdir(dirname(fileURLToPath(import.meta.url)));

const common = { bundle: true, format: "esm", target: "es2022", logLevel: "warning" };

if (process.argv.includes("--tests")) {
  rmSync("build/tests", { recursive: true, force: true });
  const names = readdirSync("tests").filter((name) => name.endsWith(".test.ts"));
  await build({
    ...common,
    entryPoints: names.map((name) => `tests/${name}`),
    outdir: "build/tests",
    outExtension: { ".js": ".mjs" },
    platform: "node",
    packages: "external",
    sourcemap: "inline",
  });
} else {
  rmSync("dist", { recursive: true, force: true });
  const browser = { ...common, platform: "browser", minify: true, sourcemap: true };
  await build({
    ...browser,
    entryPoints: { room: "room/main.ts", "parley-sdk": "sdk/index.ts" },
    outdir: "dist",
  });
  await build({ ...browser, sourcemap: false, entryPoints: ["room/room.css"], outdir: "dist" });
  cpSync("room/index.html", "dist/index.html");
  rmSync("dist-dashboard", { recursive: true, force: true });
  await build({
    ...browser,
    sourcemap: false,
    entryPoints: { dashboard: "dashboard/main.ts" },
    outdir: "dist-dashboard",
  });
  await build({
    ...browser,
    sourcemap: false,
    entryPoints: ["dashboard/dashboard.css"],
    outdir: "dist-dashboard",
  });
  cpSync("dashboard/index.html", "dist-dashboard/index.html");
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.types.json"], {
    stdio: "inherit",
  });
  writeFileSync("dist/parley-sdk.d.ts", 'export * from "./types/index.js";\n');
}
