// A RabbitMQ of the test's own: tests/support/rabbitmq.py.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../support/rabbitmq.py", import.meta.url));

// Starts one; it ends with the test `t`. Gives { url, vhosts, kill(), start(), pause(), resume() };
// `vhosts` are so many URLs as are asked for, each a broker of its own to who uses it.
export async function startRabbitMq(t, { vhosts = 0 } = {}) {
  const args = [script, "--vhosts", `${vhosts}`];
  const child = spawn("python3", args, { stdio: ["pipe", "pipe", "inherit"] });
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
  const facts = await read();
  const command = (word) => () => {
    child.stdin.write(`${word}\n`);
    return read();
  };
  return {
    url: facts.url,
    vhosts: facts.vhosts,
    kill: command("kill"),
    start: command("start"),
    pause: command("pause"),
    resume: command("resume"),
  };
}

// One for all tests of a file that do no harm to it: it takes longer to start than most of them. To
// be called outside of any test. Gives a function whose answer is the URL of a vhost that nobody
// has had yet, at most `tests` times.
export function shareRabbitMq({ tests }) {
  const broker = startRabbitMq({ after }, { vhosts: tests });
  return async () => {
    const url = (await broker).vhosts.pop();
    if (url === undefined) throw new Error(`no more than ${tests} tests share this RabbitMQ`);
    return url;
  };
}
