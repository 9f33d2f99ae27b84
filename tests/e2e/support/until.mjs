// Waits for conditions, with deadlines: the tests' only way to let time pass.

// Polls until `condition` returns something truthy, and returns that. An error that it throws
// counts as "not yet". After `ms` it throws, saying `what` was waited for, and what the last look
// found.
export async function until(what, condition, { ms = 15_000, everyMs = 50 } = {}) {
  const deadline = performance.now() + ms;
  let last;
  for (;;) {
    try {
      last = await condition();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline)
      throw new Error(`not within ${ms} ms: ${what}; last: ${show(last)}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function show(value) {
  return value instanceof Error ? value.message : JSON.stringify(value);
}
