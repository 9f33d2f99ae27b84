// A real nginx with deploy/nginx/parley.conf, in a directory and on ports of its own.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { adapted } from "./adapted.mjs";
import { freeTcpPort } from "./ports.mjs";
import { Program, repository } from "./program.mjs";
import { witness } from "./scenario.mjs";
import { until } from "./until.mjs";

const run = promisify(execFile);

// The name that the configuration is written for.
export const hostname = "voice.example";

// Where one is going to listen: known before the servers behind it, which say it to others.
export async function nginxPorts() {
  const ports = { http: await freeTcpPort(), https: await freeTcpPort() };
  return { ...ports, url: `https://${hostname}:${ports.https}` };
}

// Starts one in front of servers that have a url; it ends with the test `t`. Gives { file }:
// the configuration as it is used.
export async function startNginx(t, { ports, controllers, routerServices = [] }) {
  const directory = await mkdtemp(join(tmpdir(), "parley-nginx-"));
  const certificate = join(directory, "certificate.pem");
  const key = join(directory, "key.pem");
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-subj", `/CN=${hostname}`, "-addext", `subjectAltName=DNS:${hostname}`],
    ...["-keyout", key, "-out", certificate],
  ]);
  const servers = (list) =>
    list.map(({ url }) => `server ${new URL(url).host} max_fails=2 fail_timeout=5s;`);
  const text = await adapted("deploy/nginx/parley.conf", [
    ["    listen [::]:80;\n", ""],
    ["    listen [::]:443 ssl http2;\n", ""],
    ["listen 80;", `listen 127.0.0.1:${ports.http};`],
    ["listen 443 ssl http2;", `listen 127.0.0.1:${ports.https} ssl http2;`],
    [`/etc/letsencrypt/live/${hostname}/fullchain.pem`, certificate],
    [`/etc/letsencrypt/live/${hostname}/privkey.pem`, key],
    ["/usr/share/parley/web", join(repository, "web/dist")],
    ["server 127.0.0.1:4400 max_fails=2 fail_timeout=5s;", servers(controllers).join("\n")],
    ["server 127.0.0.1:4500 max_fails=2 fail_timeout=5s;", routerServices.length > 0
      ? servers(routerServices).join("\n")
      : "server 127.0.0.1:9 down;"],
  ]);
  await writeFile(join(directory, "parley.conf"), text);
  const file = join(directory, "nginx.conf");
  await writeFile(file, around(directory));
  await mkdir(join(directory, "temporary"));
  const log = join(directory, "nginx.log");
  const nginx = new Program("/usr/sbin/nginx", ["-p", directory, "-e", log, "-c", file], { log });
  t.after(async () => {
    await nginx.stop();
    await rm(directory, { recursive: true });
  });
  witness(t, async () => `== nginx\n${await readFile(log, "utf8")}`);
  nginx.start();
  await until("nginx is ready", async () => {
    if (!nginx.runs) throw new Error("it ended");
    return (await fetch(`http://127.0.0.1:${ports.http}/`, { redirect: "manual" })).status === 301;
  });
  return { file };
}

// What Debian's nginx.conf would be, around the site.
function around(directory) {
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const rooms = kinds.map((kind) => `${kind}_temp_path ${directory}/temporary/${kind};`);
  return `user root;
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  ${rooms.join("\n  ")}
  include ${directory}/parley.conf;
}
`;
}
