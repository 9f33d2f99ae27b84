// The room itself: everybody in it, and one's own controls.

import type { Peer, Room, RoomState } from "../sdk/index.js";
import { inviteLink } from "./address.js";
import { Announcer } from "./announcer.js";
import { DevicesDialog } from "./devices_dialog.js";
import { byId, element, setIcon } from "./elements.js";
import { tileGap, tileWidth } from "./layout.js";
import { watchTalkKeys } from "./talk_keys.js";
import { qualityBars, showQuality, Tile, type Wish } from "./tile.js";
import { countText, microphoneText, qualityWords, troubleText } from "./words.js";

const troubleAfterMs = 700; // a shorter interruption is over before one has read of it
const noteMs = 6_000;

export class Stage {
  readonly #screen = byId("stage");
  readonly #list = byId("tiles");
  readonly #banner = byId("banner");
  readonly #mute = byId<HTMLButtonElement>("mute");
  readonly #announcer = new Announcer(byId("announcer"));
  readonly #bars = qualityBars();
  readonly #words = element("span", "words");
  readonly #tiles = new Map<string, Tile>();
  readonly #own: Tile;
  readonly #devices: DevicesDialog;
  readonly #offs: Array<() => void> = [];
  #trouble: string | undefined;
  #note: string | undefined;
  #blocked = false;
  #troubleTimer: ReturnType<typeof setTimeout> | undefined;
  #noteTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly room: Room) {
    byId("stage-title").textContent = room.id;
    document.title = `${room.id} · Parley`;
    byId("own-quality").replaceChildren(this.#words, this.#bars);
    this.#bars.hidden = true;
    this.#own = new Tile(room.displayName);
    this.#list.replaceChildren(this.#own.root);
    this.#devices = new DevicesDialog(room);
    this.#wireControls();
    this.#wireRoom();
    for (const peer of room.peers.values()) this.#show(peer);
    this.#showOwn();
    this.#screen.hidden = false;
    this.#fit();
    byId("stage-title").focus();
  }

  close(): void {
    for (const off of this.#offs) off();
    clearTimeout(this.#troubleTimer);
    clearTimeout(this.#noteTimer);
    this.#devices.close();
    this.#list.replaceChildren();
    this.#screen.hidden = true;
  }

  #wireControls(): void {
    const { room } = this;
    this.#mute.onclick = (event) => {
      void this.#toggle();
      // After a click the space bar is for talking again; whoever uses the keyboard keeps the focus.
      if (event.detail > 0) this.#mute.blur();
    };
    byId("leave").onclick = () => room.leave();
    byId("devices").onclick = () => void this.#devices.open();
    byId("invite").onclick = () => void this.#invite();
    const resized = new ResizeObserver(() => this.#fit());
    resized.observe(this.#list);
    this.#offs.push(
      () => resized.disconnect(),
      watchTalkKeys({
        muted: () => room.muted,
        toggle: () => void this.#toggle(),
        talk: (on) => void (on ? room.unmute() : room.mute()),
      }),
    );
  }

  #wireRoom(): void {
    const { room } = this;
    this.#offs.push(
      room.on("peerJoined", ({ peer }) => {
        this.#show(peer);
        this.#announcer.joined(peer.displayName);
      }),
      room.on("peerChanged", ({ peer }) => room.peers.has(peer.id) && this.#show(peer)),
      room.on("peerLeft", ({ peer }) => this.#remove(peer)),
      room.on("speaking", ({ levels }) => {
        this.#own.setLevel(levels.get(room.peerId) ?? 0);
        for (const [id, tile] of this.#tiles) tile.setLevel(levels.get(id) ?? 0);
      }),
      room.on("quality", ({ peerId, quality }) => {
        if (peerId !== undefined) return this.#tiles.get(peerId)?.setQuality(quality);
        this.#bars.hidden = false;
        showQuality(this.#bars, quality);
        this.#words.textContent = quality.level === "good" ? "" : qualityWords[quality.level];
      }),
      room.on("muted", ({ muted, by }) => {
        this.#showOwn();
        if (by !== "admin") return;
        this.#say(muted ? "You were muted by an administrator." : "You may speak again.");
      }),
      room.on("microphone", ({ state, label, fallback }) => {
        this.#showOwn();
        if (state !== "live") this.#say(microphoneText(state) ?? "");
        else if (fallback) this.#say(`Your microphone is gone. Now speaking with ${label}.`);
      }),
      room.on("playbackBlocked", ({ blocked }) => {
        this.#blocked = blocked;
        this.#showBanner();
      }),
      room.on("state", (state) => this.#onState(state)),
    );
  }

  // Also when the server refuses: then #showOwn says how it is.
  async #toggle(): Promise<void> {
    const { room } = this;
    if (room.mutedBy === "admin") return this.#say("Only an administrator can unmute you.");
    if (room.track === undefined) return this.#openAgain();
    await (room.muted ? room.unmute() : room.mute());
    this.#announcer.say(room.muted ? "You are muted." : "You are not muted.");
  }

  async #openAgain(): Promise<void> {
    if (this.room.microphone === "forbidden") return this.#say(microphoneText("forbidden") ?? "");
    await this.room.setInputDevice("").catch(() => {
      const { microphone } = this.room;
      this.#say(microphoneText(microphone === "off" ? "refused" : microphone) ?? "");
    });
  }

  async #invite(): Promise<void> {
    const link = inviteLink(location.href, this.room.id);
    try {
      await navigator.clipboard.writeText(link);
      this.#say("The link to this room is copied.");
      setIcon(byId("invite"), "i-check");
      setTimeout(() => setIcon(byId("invite"), "i-link"), 2_000);
    } catch {
      this.#say(`The link to this room: ${link}`);
    }
  }

  #show(peer: Peer): void {
    let tile = this.#tiles.get(peer.id);
    if (tile === undefined) {
      tile = new Tile(peer.displayName, (wish, holds) => void this.#wish(peer.id, wish, holds));
      tile.root.dataset.peer = peer.id;
      this.#tiles.set(peer.id, tile);
      this.#list.append(tile.root);
      this.#fit();
    }
    tile.setName(peer.displayName);
    tile.setAudio(peer.audio);
    tile.setWish("mute", this.room.mutedHere(peer.id));
    tile.setWish("pin", this.room.pinned(peer.id));
    tile.setQuality(peer.audio === "live" ? peer.quality : undefined);
  }

  // Shown at once, and again when the server has refused.
  async #wish(peerId: string, wish: Wish, holds: boolean): Promise<void> {
    const { room } = this;
    const show = () => {
      this.#tiles.get(peerId)?.setWish("mute", room.mutedHere(peerId));
      this.#tiles.get(peerId)?.setWish("pin", room.pinned(peerId));
    };
    const asked = wish === "mute" ? room.muteHere(peerId, holds) : room.pin(peerId, holds);
    show();
    await asked.catch(() => this.#say("The server does not allow that."));
    show();
  }

  #remove(peer: Peer): void {
    this.#tiles.get(peer.id)?.root.remove();
    this.#tiles.delete(peer.id);
    if (this.room.state.name !== "closed") this.#announcer.left(peer.displayName);
    this.#fit();
  }

  #showOwn(): void {
    const { room } = this;
    const silent = room.track === undefined || room.microphone === "forbidden";
    this.#own.setAudio(silent ? "none" : room.muted ? "muted" : "live");
    setIcon(this.#mute, silent || room.muted ? "i-mic-off" : "i-mic");
    this.#mute.classList.toggle("off", silent || room.muted);
    const label = this.#mute.querySelector("span");
    if (label) label.textContent = silent ? "Speak" : room.muted ? "Unmute" : "Mute";
    byId("talk-hint").replaceChildren(this.#talkHint(silent));
  }

  #talkHint(silent: boolean): HTMLElement | string {
    if (silent) return "You are listening.";
    if (this.room.mutedBy === "admin") return "You were muted by an administrator.";
    const keys = this.room.muted ? "press M, or hold the space bar to talk" : "press M to mute";
    const touchless = element("span", "touchless", `: ${keys}`);
    return element("span", "", this.room.muted ? "You are muted" : "You can be heard", touchless);
  }

  #onState(state: RoomState): void {
    const text = troubleText(state);
    clearTimeout(this.#troubleTimer);
    if (text === undefined && this.#trouble !== undefined) this.#announcer.say("Connected again.");
    const show = () => {
      this.#trouble = text;
      this.#showBanner();
    };
    if (text === undefined || this.#trouble !== undefined) show();
    else this.#troubleTimer = setTimeout(show, troubleAfterMs);
  }

  // Says something for a while.
  #say(text: string): void {
    this.#note = text;
    this.#showBanner();
    clearTimeout(this.#noteTimer);
    this.#noteTimer = setTimeout(() => {
      this.#note = undefined;
      this.#showBanner();
    }, noteMs);
  }

  #showBanner(): void {
    const blocked = "Your browser holds the sound back. Click anywhere to hear the others.";
    const text = this.#trouble ?? (this.#blocked ? blocked : this.#note) ?? "";
    if (this.#banner.textContent !== text) this.#banner.textContent = text;
  }

  #fit(): void {
    const people = 1 + this.#tiles.size;
    byId("count").textContent = countText(people);
    byId("alone").hidden = people > 1;
    const style = getComputedStyle(this.#list);
    const inside = (size: number, a: string, b: string) => size - parseFloat(a) - parseFloat(b);
    const width = inside(this.#list.clientWidth, style.paddingLeft, style.paddingRight);
    const height = inside(this.#list.clientHeight, style.paddingTop, style.paddingBottom);
    const gap = tileGap(people);
    const size = tileWidth(people, width, height, gap);
    this.#list.style.setProperty("--gap", `${gap}px`);
    this.#list.style.setProperty("--tile", `${size}px`);
  }
}
