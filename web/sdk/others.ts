// The others in the room and what is heard of them, kept in step with what the server says.

import type { Heard, Media } from "./media.js";
import { Peer } from "./peer.js";
import { parsePerson, Roster, type Change } from "./roster.js";
import { list, record } from "./signalling/message.js";

export interface OthersListener {
  onPeer(type: "peerJoined" | "peerLeft" | "peerChanged", peer: Peer): void;
  // A stream begins to arrive, and ends: one person's, or a slot's.
  onStream(consumerId: string, track: MediaStreamTrack): void;
  onStreamEnded(consumerId: string): void;
  // It is this peer's voice from now on, and no longer.
  onTrack(peer: Peer, consumerId: string, track: MediaStreamTrack): void;
  onTrackRemoved(peer: Peer, track: MediaStreamTrack): void;
  onActiveSpeaker(peerId: string | undefined): void;
  onLevels(levels: Array<{ peerId: string; dbov: number }>): void;
}

export class Others {
  readonly peers = new Map<string, Peer>();
  readonly #roster = new Roster();
  #media: Media | undefined;

  constructor(
    private readonly ownId: string,
    private readonly listener: OthersListener,
  ) {}

  // What was heard through other transports is heard no more.
  onMedia(media: Media | undefined): void {
    for (const peer of this.peers.values()) this.#silence(peer);
    for (const { id } of this.#media?.heard ?? []) this.listener.onStreamEnded(id);
    this.#media = media;
  }

  // Everybody that is in the room.
  onAll(people: unknown): void {
    const others = list(people).filter((person) => record(person).id !== this.ownId);
    this.#roster.onAll(others).forEach(this.#apply);
    for (const person of others) this.#setAudio(record(person));
  }

  // Every consumer that the server has for us. Returns the ids of those that were new here.
  async onAllHeard(consumers: unknown[]): Promise<string[]> {
    const known = new Map(consumers.map((consumer) => [record(consumer).id, consumer]));
    for (const { id } of this.#media?.heard ?? []) {
      const { producerPaused, peerId } = record(known.get(id));
      if (!known.has(id)) this.#stopHearing(id);
      else this.#setPaused(id, producerPaused === true);
      this.#setSpeaker(id, peerId);
      known.delete(id);
    }
    await Promise.all([...known.values()].map((consumer) => this.hear(consumer)));
    return [...known.keys()].map(String);
  }

  // Makes the consumer that a newConsumer request describes. Throws when that can not be.
  async hear(data: unknown): Promise<void> {
    const heard = await this.#media?.consume(data);
    if (heard === undefined) return;
    const known = heard.peerId !== undefined && this.peers.has(heard.peerId);
    if (!known && !heard.slot) return this.#media?.stopConsuming(heard.id);
    this.listener.onStream(heard.id, heard.track);
    this.#addTrack(heard);
  }

  // Whose voice has this mid; undefined while it is paused.
  speakerOf(mid: string): string | undefined {
    const heard = this.#media?.heardByMid(mid);
    return heard?.paused ? undefined : heard?.peerId;
  }

  onNotification(method: string, data: Record<string, unknown>): void {
    const id = (name: string) => (typeof data[name] === "string" ? data[name] : "");
    switch (method) {
      case "newPeer": {
        const person = parsePerson(data);
        if (person && person.id !== this.ownId) this.#roster.onNew(person).forEach(this.#apply);
        return;
      }
      case "peerClosed":
        return this.#roster.onClosed(id("peerId")).forEach(this.#apply);
      case "peerDisplayNameChanged":
        return this.#roster.onRenamed(id("peerId"), id("displayName")).forEach(this.#apply);
      case "consumerClosed":
        return this.#stopHearing(id("consumerId"));
      case "consumerPaused":
      case "consumerResumed":
        return this.#setPaused(id("consumerId"), method === "consumerPaused");
      case "slotSpeakers":
        for (const slot of list(data.slots)) {
          const { consumerId, peerId } = record(slot);
          this.#setSpeaker(String(consumerId), peerId);
        }
        return;
      case "peerAudio":
        return this.#setAudio({ id: data.peerId, audio: data.audio });
      case "activeSpeaker":
        return this.listener.onActiveSpeaker(id("peerId") || undefined);
      case "audioLevels":
        return this.listener.onLevels(parseLevels(data.levels));
    }
  }

  readonly #apply = ({ type, person }: Change): void => {
    const peer =
      this.peers.get(person.id) ?? new Peer(person.id, person.displayName, person.device);
    peer.displayName = person.displayName;
    if (type === "left") {
      for (const id of this.#silence(peer)) this.#endStreamOf(id);
      this.peers.delete(person.id);
    } else {
      this.peers.set(person.id, peer);
    }
    const names = { joined: "peerJoined", changed: "peerChanged", left: "peerLeft" } as const;
    this.listener.onPeer(names[type], peer);
  };

  // A slot stays, whoever leaves.
  #endStreamOf(consumerId: string): void {
    if (this.#media?.heard.some(({ id, slot }) => id === consumerId && slot)) return;
    this.#media?.stopConsuming(consumerId);
    this.listener.onStreamEnded(consumerId);
  }

  // What a server says of somebody's microphone to those who hear in slots.
  #setAudio({ id, audio }: Record<string, unknown>): void {
    const peer = this.peers.get(String(id));
    if (peer === undefined || (audio !== "live" && audio !== "muted" && audio !== "none")) return;
    if (peer.said === audio) return;
    peer.said = audio;
    this.listener.onPeer("peerChanged", peer);
  }

  #setSpeaker(consumerId: string, peerId: unknown): void {
    const now = typeof peerId === "string" ? peerId : undefined;
    const before = this.#media?.setSpeaker(consumerId, now);
    if (before === undefined || before.peerId === now) return;
    const last = before.peerId === undefined ? undefined : this.peers.get(before.peerId);
    if (last?.tracks.has(consumerId)) this.#removeTrack(last, consumerId);
    this.#addTrack({ ...before, peerId: now });
  }

  #addTrack({ id, peerId, track, paused }: Heard): void {
    const peer = peerId === undefined ? undefined : this.peers.get(peerId);
    if (peer === undefined) return;
    peer.setTrack(id, track, paused);
    this.listener.onTrack(peer, id, track);
    this.listener.onPeer("peerChanged", peer);
  }

  #setPaused(consumerId: string, paused: boolean): void {
    const heard = this.#media?.setHeardPaused(consumerId, paused);
    const peer = heard?.peerId === undefined ? undefined : this.peers.get(heard.peerId);
    if (!heard || !peer || !peer.tracks.has(consumerId)) return;
    peer.setTrack(consumerId, heard.track, paused);
    this.listener.onPeer("peerChanged", peer);
  }

  #stopHearing(consumerId: string): void {
    this.#media?.stopConsuming(consumerId);
    this.listener.onStreamEnded(consumerId);
    for (const peer of this.peers.values()) {
      if (peer.tracks.has(consumerId)) this.#removeTrack(peer, consumerId);
    }
  }

  // Returns the consumers whose tracks were removed.
  #silence(peer: Peer): string[] {
    const ids = [...peer.tracks.keys()];
    for (const id of ids) this.#removeTrack(peer, id);
    return ids;
  }

  #removeTrack(peer: Peer, consumerId: string): void {
    const track = peer.removeTrack(consumerId);
    if (track === undefined) return;
    this.listener.onTrackRemoved(peer, track);
    this.listener.onPeer("peerChanged", peer);
  }
}

function parseLevels(levels: unknown): Array<{ peerId: string; dbov: number }> {
  return list(levels).flatMap((level) => {
    const { peerId, dbov } = record(level);
    return typeof peerId === "string" && typeof dbov === "number" ? [{ peerId, dbov }] : [];
  });
}
