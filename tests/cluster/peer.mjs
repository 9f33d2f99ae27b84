// A person without a browser: says a tone, hears the others', and stays in the room as a page does.

import { WebSocket } from "../e2e/support/packages.mjs";
import { Hearing } from "./hearing.mjs";
import { Media } from "./media.mjs";
import { loadSignalling } from "./sdk.mjs";

const { Link } = await loadSignalling();

export class Peer {
  #link;
  #packets;
  #tones;
  #media;
  #joined = deferred();
  hearing = new Hearing();
  story = []; // what happened to it, with the times

  // `url`, `token`: where to connect, and what lets it in. `tone`: { hz, packets }; `tones`: Tones
  // by which those of others are known.
  constructor({ name, url, token, tone, tones }) {
    Object.assign(this, { name, hz: tone.hz });
    this.#packets = tone.packets;
    this.#tones = tones;
    const address = async (query) => addressOf(url, { token, ...query });
    this.#link = new Link(address, openSocket, {
      onUp: (how) => this.#onUp(how),
      onDown: (attempt, ms, why) => this.#tell(`${why}, try ${attempt} in ${Math.round(ms)} ms`),
      onMoved: () => this.#tell("the room has moved"),
      onLost: () => this.#abandon(),
      onEnded: (reason, message) => this.#onEnded(reason, message),
      onNotification: (method) => method === "transportsLost" && this.#enter(),
      onRequest: (method, data) => this.#onRequest(method, data),
    });
  }

  // Resolves when it is in the room and speaks.
  join() {
    this.#link.start();
    return this.#joined.promise;
  }

  leave() {
    this.#link.end("left", "");
  }

  #tell(what) {
    this.story.push(`${Math.round(performance.now())} ${what}`);
  }

  #onUp(how) {
    this.#tell(how);
    if (how === "fresh" || this.#media === undefined) void this.#enter();
    else if (how === "recovered") void this.#sync();
  }

  #onEnded(reason, message) {
    this.#tell(`ended: ${reason} ${message}`);
    this.#abandon();
    this.#joined.reject(new Error(`${this.name}: ${reason} ${message}`));
  }

  #abandon() {
    this.#media?.close();
    this.#media = undefined;
  }

  // New transports; and `join`, if this session has not done so.
  async #enter() {
    this.#abandon();
    const ask = (method, data = {}) => this.#link.request(method, data);
    const hear = (payload) => this.hearing.onPacket(performance.now(), this.#tones.of(payload));
    const media = (this.#media = new Media(this.name, ask, hear));
    try {
      const rtpCapabilities = await ask("getRouterRtpCapabilities");
      await media.listen();
      const device = { name: "headless" };
      await ask("join", { displayName: this.name, device, rtpCapabilities }).catch(unlessJoined);
      await media.speak(this.#packets);
      this.#tell("speaks");
      this.#joined.resolve();
    } catch (error) {
      if (media !== this.#media) return;
      this.#tell(error.message);
      this.#link.renew();
    }
  }

  // The server was restarted and kept the media: what was missed meanwhile is made up for.
  async #sync() {
    const media = this.#media;
    const { consumers } = await this.#link.request("sync");
    for (const consumer of consumers) {
      if (media.consumers.includes(consumer.id)) continue;
      await media.hear(consumer);
      await this.#link.request("resumeConsumer", { consumerId: consumer.id });
    }
  }

  async #onRequest(method, data) {
    if (method !== "newConsumer") throw new Error(`a headless peer knows no ${method}`);
    await this.#media?.hear(data);
    return {};
  }
}

function openSocket(address, protocol) {
  const socket = new WebSocket(address, protocol);
  socket.onerror = () => {}; // onclose follows
  return socket;
}

function unlessJoined(error) {
  if (error.code !== 409) throw error;
}

// A promise, and what settles it.
function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

function addressOf(url, query) {
  const address = new URL(url);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  return address.href;
}
