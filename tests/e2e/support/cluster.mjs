// Servers that are one cluster.

import { Parley } from "../../../examples/api-node/parley.mjs";
import { startRabbitMq } from "./rabbitmq.mjs";
import { startRouterService } from "./router_service.mjs";
import { startServer } from "./server.mjs";
import { until } from "./until.mjs";

// Starts `names.length` servers of these ids. `assignment`: router-service, of which there is one
// then, or shared-queue; `args`: more of the servers' flags; `broker`: a RabbitMQ that is there, or
// the test has its own. Gives { broker, app, servers: { id: server }, service }; `app` asks as an
// app does, `service` is the router-service if there is one.
export async function startCluster(t, assignment, names, { args = [], broker: given } = {}) {
  const broker = given ?? (await startRabbitMq(t));
  const has = assignment === "router-service";
  const service = has && startRouterService(t, { broker: broker.url });
  const flags = ["--broker", broker.url, "--assignment", assignment, ...args];
  const started = names.map((id) => startServer(t, { args: [...flags, "--server-id", id] }));
  const servers = Object.fromEntries((await Promise.all(started)).map((s, i) => [names[i], s]));
  const app = new Parley(broker.url);
  t.after(() => app.close());
  await app.start();
  await until("the servers are a cluster", async () => {
    const { servers: known } = await app.ask({ type: "server.list" });
    return known.length === names.length;
  });
  return { broker, app, servers, service: await service };
}
