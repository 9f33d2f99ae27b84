// script/cluster: see there.

import { parseArgs } from "node:util";
import { freeOr } from "../e2e/support/ports.mjs";
import { question, summon } from "../e2e/support/scenario.mjs";
import { check } from "./check.mjs";
import { startCluster } from "./cluster.mjs";
import { faults } from "./faults.mjs";
import { Owner } from "./owner.mjs";
import { flags } from "./small.mjs";
import { flags as upgradeFlags, upgrade } from "./upgrade.mjs";

const PAGE_PORT = 4400;
const API_PORT = 8080;

const began = performance.now();
const say = (text) =>
  console.error(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${text}`);

function read() {
  const options = {
    check: { type: "boolean", default: false },
    fault: { type: "string", multiple: true, default: Object.keys(faults) },
    servers: { type: "string", default: "3" },
    upgrade: { type: "boolean", default: false },
  };
  const { values } = parseArgs({ options });
  const servers = Number(values.servers);
  if (!Number.isInteger(servers) || servers < 2 || servers > 16) {
    throw new TypeError("--servers takes 2 to 16");
  }
  const unknown = values.fault.find((name) => !(name in faults));
  if (unknown) throw new TypeError(`--fault takes ${Object.keys(faults).join(", ")}`);
  return { ...values, servers };
}

// Resolves when somebody wants this to end.
function stopped() {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, resolve);
  });
}

function tell({ url, api, services, servers, broker }) {
  console.log(`
  A cluster is ready. Two people, two tabs:

    ${api.url}/rooms/standup?name=Ada
    ${api.url}/rooms/standup?name=Bob

  The example API makes the room over AMQP and sends them to the voice room, ${url}/ ,
  where a load balancer takes each connection to the next server.

    dashboard        ${services[0].url}/
    router-services  ${services.map((service) => service.url).join("  ")}
    servers          ${servers.map((server) => server.url).join("  ")}
    RabbitMQ         ${broker.url}

    curl ${services[0].url}/v1/servers
    curl ${services[0].url}/v1/rooms/standup/why
    kill -9 ${servers.map((server) => server.pid).join(" or ")}

  Ctrl-C stops everything.
`);
}

// Resolves to the exit code when all is done; without --check that is never.
async function run(owner, { check: checking, fault, servers, upgrade: upgrading }) {
  if (upgrading) {
    const cluster = await startCluster(owner, { say, flags: upgradeFlags });
    await upgrade(owner, cluster, say);
    return 0;
  }
  if (checking) {
    const cluster = await startCluster(owner, { servers, say, flags });
    const report = (result) => console.log(JSON.stringify(result));
    return (await check(owner, cluster, { names: fault, report, say })) ? 0 : 1;
  }
  const ports = { page: await freeOr(PAGE_PORT), api: await freeOr(API_PORT) };
  tell(await startCluster(owner, { servers, ports, say }));
  return new Promise(() => {});
}

let options;
try {
  options = read();
} catch (error) {
  console.error(`script/cluster: ${error.message}`);
  process.exit(2);
}
const owner = new Owner();
summon(owner);
const interrupted = stopped().then(() => (options.check || options.upgrade ? 130 : 0));
let code = await Promise.race([run(owner, options), interrupted]).catch((error) => {
  console.error(error);
  return 1;
});
if (code === 1) await question(owner);
say("stops");
await owner.end().catch((error) => {
  console.error(error);
  code ||= 1;
});
process.exit(code);
