// Who hears whom: several people, real browsers, and a tone for each.

import { shareChromium, startFirefox } from "./support/browsers.mjs";
import { join } from "./support/people.mjs";
import { scenario } from "./support/scenario.mjs";
import { startServer } from "./support/server.mjs";

const openChromium = shareChromium();

const others = (people, self) => people.filter((person) => person !== self);

scenario(
  "four people hear the other three, each with their own voice, and never themselves",
  async (t) => {
    const server = await startServer(t);
    const [chromium, firefox] = await Promise.all([
      openChromium(t),
      startFirefox(t, { hz: 1300 }),
    ]);
    const people = await Promise.all([
      join(t, chromium, server, "standup", "Ada", 400),
      join(t, chromium, server, "standup", "Bob", 700),
      join(t, chromium, server, "standup", "Carol", 1000),
      join(t, firefox, server, "standup", "Dave", 1300),
    ]);
    for (const person of people) await person.hears(others(people, person));
    for (const person of people.slice(0, 3)) await person.onlyEverHeard(others(people, person));
  },
);

scenario("two rooms at once never mix", async (t) => {
  const server = await startServer(t);
  const chromium = await openChromium(t);
  const [ada, bob, carol, dave] = await Promise.all([
    join(t, chromium, server, "red", "Ada", 400),
    join(t, chromium, server, "red", "Bob", 700),
    join(t, chromium, server, "blue", "Carol", 1000),
    join(t, chromium, server, "blue", "Dave", 1300),
  ]);
  const pairs = [
    [ada, bob],
    [bob, ada],
    [carol, dave],
    [dave, carol],
  ];
  for (const [person, other] of pairs) await person.hears([other]);
  for (const [person, other] of pairs) await person.onlyEverHeard([other]);
});

scenario("who mutes, leaves and comes back is silent exactly that long", async (t) => {
  const server = await startServer(t);
  const chromium = await openChromium(t);
  const [ada, bob, carol] = await Promise.all([
    join(t, chromium, server, "standup", "Ada", 400),
    join(t, chromium, server, "standup", "Bob", 700),
    join(t, chromium, server, "standup", "Carol", 1000),
  ]);
  await ada.hears([bob, carol]);
  await carol.hears([ada, bob]);

  await ada.click("mute");
  await Promise.all([bob.hears([carol]), carol.hears([bob]), ada.hears([bob, carol])]);
  await ada.click("mute");
  await Promise.all([bob.hears([ada, carol]), carol.hears([ada, bob])]);

  await bob.click("leave");
  await Promise.all([ada.hears([carol]), carol.hears([ada]), bob.hears([])]);
  await carol.tells(["peerLeft"], ["peerLeft Bob"]);
  await bob.click("again");
  await bob.state("connected");
  await Promise.all([ada.hears([bob, carol]), bob.hears([ada, carol]), carol.hears([ada, bob])]);
  await carol.tells(["peerLeft"], ["peerLeft Bob"]);
});
