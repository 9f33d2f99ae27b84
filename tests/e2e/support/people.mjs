// People: pages of the voice room, each speaking with its own tone.

import assert from "node:assert/strict";
import { until } from "./until.mjs";

// Opens the voice room in a new page of `browser` and joins. `hz` is the tone that this browser's page
// hums (Firefox's was given at its start); `url`: where the page comes from, if not from the server itself.
export async function join(browser, server, room, name, hz, { url = server.url, query = {} } = {}) {
  const page = await browser.page({ hz });
  const person = new Person(page, name, hz);
  await page.goto(`${url}/?${new URLSearchParams({ room, name, autojoin: "1", ...query })}`);
  await person.state("connected");
  return person;
}

class Person {
  constructor(page, name, hz) {
    Object.assign(this, { page, name, hz });
  }

  // Waits until the page's room is in a state.
  state(name, options) {
    const look = () => this.page.evaluate(() => window.parley?.state.name);
    return until(`${this.name} is ${name}`, async () => (await look()) === name, options);
  }

  // Waits until exactly these people are heard, each with its own tone and nothing else.
  async hears(people, options) {
    const names = people.map(({ name }) => name).join(", ") || "nobody";
    let last;
    await until(`${this.name} hears ${names}`, async () => {
      last = await this.page.evaluate((ms) => window.voice.recent(ms), 400);
      return sameVoices(last, people);
    }, options).catch((error) => {
      throw new Error(`${error.message}; heard: ${JSON.stringify(last)}`);
    });
  }

  // The present on this page's clock of sounds, for longestGap().
  now() {
    return this.page.evaluate(() => window.voice.now());
  }

  // How long this person did not hear another one, at the longest, in ms, since a now(). The last 100 ms
  // are left out: they may not have been looked at yet.
  longestGap(of, since) {
    return this.page.evaluate(
      ([name, hz, from]) => window.voice.longestGap(name, hz, from, window.voice.now() - 100),
      [of.name, of.hz, since],
    );
  }

  // Fails unless each of `people` was heard at some time since the page was opened, with their own tone,
  // and nobody else ever.
  async onlyEverHeard(people) {
    const ever = await this.page.evaluate(() => window.voice.everHeard());
    const wanted = Object.fromEntries(people.map(({ name, hz }) => [name, [hz]]));
    assert.deepEqual(ever, wanted, `what ${this.name} heard`);
  }

  // What the page's room told, of these names: ["peerJoined Ada", ...].
  async events(...names) {
    const events = await this.page.evaluate(() => window.voice.events);
    return events.filter(([name]) => names.includes(name)).map((event) => event.join(" "));
  }

  leave() {
    return this.page.evaluate(() => window.parley.leave());
  }
}

function sameVoices(heard, people) {
  return (
    Object.keys(heard).length === people.length &&
    people.every(({ name, hz }) => {
      const tones = heard[name] ?? {};
      return Object.keys(tones).length === 1 && tones[hz] > 0.85;
    })
  );
}
