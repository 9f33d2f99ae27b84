// aiortc_client.py as a client of joinBySdp().

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { witness } from "../e2e/support/scenario.mjs";

// Starts it with the tone that it hums; it ends with the test.
export function startAiortc(t, hz) {
  const script = fileURLToPath(new URL("aiortc_client.py", import.meta.url));
  const child = spawn("/usr/bin/python3", ["-B", script], { stdio: "pipe" });
  t.after(() => child.kill());
  let said = "";
  child.stderr.on("data", (data) => (said += data));
  witness(t, () => `== aiortc\n${said}`);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last = Promise.resolve();
  // Orders are carried out one after the other.
  const order = (what) => {
    last = last.then(async () => {
      child.stdin.write(`${JSON.stringify(what)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`aiortc ended: ${said}`);
      return JSON.parse(value);
    });
    return last;
  };
  return {
    offer: async () => (await order({ do: "offer", hz })).sdp,
    answered: (sdp) => order({ do: "answered", sdp }),
    hear: async (_name, sdp) => (await order({ do: "hear", sdp })).sdp,
    heard: (tones) => order({ do: "heard", tones }),
  };
}
