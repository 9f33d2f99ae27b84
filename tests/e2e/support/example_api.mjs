// The API of examples/api-node, as a process of its own.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ended } from "./processes.mjs";
import { freeTcpPort } from "./ports.mjs";
import { until } from "./until.mjs";

const program = fileURLToPath(new URL("../../../examples/api-node/api.mjs", import.meta.url));

// Starts it; it ends with the test `t`. `broker`: RabbitMQ; `page`: where the voice room is;
// `port`: its own, any free one if left out.
// Gives { url, events: what it printed, ask(method, path, body, headers) -> { status, body } }.
export async function startExampleApi(t, { broker, page, port }) {
  const url = `http://127.0.0.1:${port ?? (await freeTcpPort())}`;
  const env = { ...process.env, BROKER: broker, PORT: new URL(url).port };
  if (page) env.PAGE = page;
  const child = spawn(process.execPath, [program], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (data) => (said += data));
  t.after(async () => {
    child.kill();
    await ended(child);
  });
  const events = [];
  createInterface({ input: child.stdout }).on("line", (line) => events.push(JSON.parse(line)));
  const ask = async (method, path, body, headers = {}) => {
    const answer = await fetch(url + path, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: answer.status, body: await answer.json() };
  };
  await until(
    "the example answers",
    async () => {
      if (child.exitCode !== null) throw new Error(said);
      return (await ask("GET", "/none")).status === 404;
    },
    { ms: 60_000 },
  );
  return { url, events, ask };
}
