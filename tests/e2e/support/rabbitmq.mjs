// A RabbitMQ of the test's own: tests/support/rabbitmq.py.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../support/rabbitmq.py", import.meta.url));

// Starts one; it ends with the test `t`. Gives { url, kill(), start(), pause(), resume() }.
export async function startRabbitMq(t) {
  const child = spawn("python3", [script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => child.once("exit", resolve));
  t.after(async () => {
    child.stdin.end();
    await ended;
  });
  const read = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("RabbitMQ does not run");
    return JSON.parse(value);
  };
  const { url } = await read();
  const command = (word) => () => {
    child.stdin.write(`${word}\n`);
    return read();
  };
  return {
    url,
    kill: command("kill"),
    start: command("start"),
    pause: command("pause"),
    resume: command("resume"),
  };
}
