// People: pages of the voice room, each speaking with its own tone.

import assert from "node:assert/strict";
import { witness } from "./scenario.mjs";
import { until } from "./until.mjs";

// Opens the voice room in a new page of `browser`, and joins. `hz` is the tone that the page hums
// in place of a microphone (Firefox's was given at its start). `query`: more of the page's
// parameters.
export async function join(t, browser, server, room, name, hz, query = {}) {
  const person = await open(t, browser, server, { room, name, autojoin: "1", ...query }, { hz });
  await person.state("connected");
  return person;
}

// Opens the page and waits for nothing. `server` is whatever has a `url`; `options`: those of
// page().
export async function open(t, browser, server, query, options = {}) {
  const person = personOn(t, await browser.page(options), query.name, options.hz);
  await person.page.goto(`${server.url}/?${new URLSearchParams(query)}`);
  return person;
}

// The person in front of a page, wherever that leads.
export function personOn(t, page, name, hz) {
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(error.message));
  const person = new Person(page, name, hz);
  witness(t, async () => `== ${name}\n${said.join("\n")}\n${await person.history()}`);
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
    await until(
      `${this.name} hears ${names}`,
      async () => {
        last = await this.page.evaluate((ms) => window.voice.recent(ms), 400);
        return sameVoices(last, people);
      },
      options,
    ).catch((error) => {
      throw new Error(`${error.message}; heard: ${JSON.stringify(last)}`);
    });
  }

  // The present on this page's clock of sounds, for longestGap().
  now() {
    return this.page.evaluate(() => window.voice.now());
  }

  // How long this person did not hear another one, at the longest, in ms, since a now(). The last
  // 100 ms are left out: they may not have been looked at yet.
  longestGap(of, since) {
    return this.page.evaluate(
      ([name, hz, from]) => window.voice.longestGap(name, hz, from, window.voice.now() - 100),
      [of.name, of.hz, since],
    );
  }

  // How long ago this person began to hear the other one as it does now, in ms.
  heardForMs(of) {
    return this.page.evaluate(([name, hz]) => window.voice.heardForMs(name, hz), [of.name, of.hz]);
  }

  // Fails unless each of `people` was heard at some time since the page was opened, with their own
  // tone, and nobody else ever.
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

  async history() {
    const told = () =>
      this.page.evaluate(() => window.voice.events.map((event) => event.join(" ")).join("\n"));
    return told().catch((error) => error.message);
  }

  // Waits until this person's page has told of all these, in this order, and of nothing else of
  // these names.
  async tells(names, wanted) {
    const told = () => this.events(...names);
    await until(
      `${this.name} tells of ${wanted.length}`,
      async () => (await told()).length >= wanted.length,
    );
    assert.deepEqual(await told(), wanted);
  }

  // What the page says in an element, as people see it.
  says(id) {
    return this.page.evaluate((id) => {
      const element = document.getElementById(id);
      return element.checkVisibility() ? element.innerText : "";
    }, id);
  }

  click(id) {
    return this.page.evaluate((id) => document.getElementById(id).click(), id);
  }

  leave() {
    return this.page.evaluate(() => window.parley.leave());
  }
}

// A browser that is short of CPU fills gaps with silence, never with another tone.
function sameVoices(heard, people) {
  return (
    Object.keys(heard).length === people.length &&
    people.every(({ name, hz }) => {
      const tones = heard[name] ?? {};
      return Object.keys(tones).length === 1 && tones[hz] > 0.7;
    })
  );
}
