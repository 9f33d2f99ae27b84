// A test whose witnesses are heard when it fails: the logs of its servers, the consoles of its
// pages.

import { test } from "node:test";

const witnesses = new WeakMap(); // test -> [() => text]

// Registers something that can say what happened in `t`, a test of scenario().
export function witness(t, says) {
  witnesses.get(t)?.push(says);
}

// A test by this name; `play` gets what node's test runner gives to a test.
export function scenario(name, play) {
  test(name, async (t) => {
    witnesses.set(t, []);
    try {
      await play(t);
    } catch (error) {
      for (const says of witnesses.get(t)) console.error(await says());
      throw error;
    }
  });
}
