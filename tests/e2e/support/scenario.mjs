// A test whose witnesses are heard when it fails: the logs of its servers, the consoles of its
// pages.

import { test } from "node:test";

const witnesses = new WeakMap(); // test -> [() => text]

// Registers something that can say what happened in `t`, a test of scenario().
export function witness(t, says) {
  witnesses.get(t)?.push(says);
}

// Begins to keep the witnesses of `t`.
export function summon(t) {
  witnesses.set(t, []);
}

// What the witnesses of `t` say, on standard error.
export async function question(t) {
  for (const says of witnesses.get(t)) console.error(await says());
}

// A test by this name; `play` gets what node's test runner gives to a test.
export function scenario(name, play) {
  test(name, async (t) => {
    summon(t);
    try {
      await play(t);
    } catch (error) {
      await question(t);
      throw error;
    }
  });
}
