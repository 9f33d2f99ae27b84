// Before the room: a name, the room, and a microphone that one can see working.

import {
  devices,
  MicrophoneError,
  onDevicesChanged,
  openMicrophone,
  type MicrophoneFault,
} from "../sdk/index.js";
import { toRoomId } from "./address.js";
import { byId, fillDevices, memory } from "./elements.js";
import { Meter } from "./meter.js";
import { microphoneText } from "./words.js";

export interface Choice {
  name: string;
  room: string;
  track: MediaStreamTrack | undefined; // undefined: listening only; else the receiver's to stop
  muted: boolean;
}

export class JoinScreen {
  readonly #screen = byId("join");
  readonly #name = byId<HTMLInputElement>("name");
  readonly #room = byId<HTMLInputElement>("room");
  readonly #input = byId<HTMLSelectElement>("join-input");
  readonly #hint = byId("join-hint");
  readonly #notice = byId("join-notice");
  readonly #muted = byId<HTMLInputElement>("join-muted");
  readonly #button = byId<HTMLButtonElement>("join-button");
  readonly #cancel = byId<HTMLButtonElement>("join-cancel");
  readonly #status = byId("join-status");
  readonly #meter = new Meter(byId("join-meter"));
  #track: MediaStreamTrack | undefined;
  #asked = 0; // the last microphone asked for: answers to earlier ones come too late
  #off = () => {};

  constructor(
    private readonly onJoin: (choice: Choice) => void,
    onCancel: () => void,
  ) {
    this.#cancel.onclick = onCancel;
    this.#input.onchange = () => {
      memory.set("input", this.#input.value);
      void this.#preview(this.#input.value);
    };
    byId("join-retry").onclick = () => void this.#preview("");
    byId<HTMLFormElement>("join-form").onsubmit = (event) => {
      event.preventDefault();
      this.#submit();
    };
  }

  // `fixedRoom`: the address names the room, so that there is nothing to choose.
  show(name: string, room: string, fixedRoom: boolean): void {
    this.#name.value = name;
    this.#room.value = room;
    byId("room-field").hidden = fixedRoom;
    byId("join-title").textContent = fixedRoom ? `Join ${room}` : "Join the conversation";
    document.title = fixedRoom ? `${room} · Parley` : "Parley";
    this.setBusy(undefined);
    (name === "" ? this.#name : this.#button).focus();
    this.#off = onDevicesChanged(() => void this.#fill());
    void this.#preview(memory.get("input"));
  }

  // Shows what is being waited for while joining; undefined when one may join.
  setBusy(text: string | undefined): void {
    this.#screen.hidden = false;
    this.#button.disabled = text !== undefined;
    this.#cancel.hidden = text === undefined;
    this.#status.textContent = text ?? "";
  }

  hide(): void {
    this.#asked++;
    this.#off();
    this.#meter.stop();
    this.#track = undefined;
    this.#screen.hidden = true;
  }

  #submit(): void {
    const name = this.#name.value.trim();
    const room = toRoomId(this.#room.value);
    this.#name.ariaInvalid = String(name === "");
    this.#room.ariaInvalid = String(room === "");
    if (name === "" || room === "") {
      this.#status.textContent = name === "" ? "Tell the others your name." : "Give the room a name.";
      (name === "" ? this.#name : this.#room).focus();
      return;
    }
    memory.set("name", name);
    this.onJoin({ name, room, track: this.#track, muted: this.#muted.checked });
  }

  async #preview(deviceId: string): Promise<void> {
    const asked = ++this.#asked;
    this.#track?.stop();
    this.#track = undefined;
    this.#meter.stop();
    this.#say("Your browser may ask whether this page may use the microphone.");
    const { track, fault } = await open(deviceId);
    if (asked !== this.#asked) return track?.stop();
    this.#track = track;
    this.#meter.watch(track);
    track?.addEventListener("ended", () => asked === this.#asked && void this.#preview(""));
    this.#say(track ? "Say something: the bar moves when the microphone hears you." : "", fault);
    await this.#fill();
  }

  #say(hint: string, fault?: MicrophoneFault): void {
    this.#hint.textContent = hint;
    this.#notice.hidden = fault === undefined;
    const text = this.#notice.querySelector("p");
    if (text && fault) text.textContent = microphoneText(fault) ?? "";
    byId("join-meter").hidden = this.#input.hidden = fault !== undefined;
    this.#muted.disabled = fault !== undefined;
    this.#button.textContent = fault === undefined ? "Join" : "Join and listen";
  }

  async #fill(): Promise<void> {
    const { inputs } = await devices();
    fillDevices(this.#input, inputs, "Microphone", this.#track?.getSettings().deviceId ?? "");
  }
}

// The device that was used last may be gone: then the default one.
async function open(
  deviceId: string,
): Promise<{ track?: MediaStreamTrack; fault?: MicrophoneFault }> {
  try {
    return { track: await openMicrophone(deviceId) };
  } catch (error) {
    const fault = error instanceof MicrophoneError ? error.fault : "busy";
    return deviceId !== "" && fault === "missing" ? open("") : { fault };
  }
}
