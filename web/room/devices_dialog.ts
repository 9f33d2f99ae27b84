// Chooses the microphone and the loudspeaker while in the room.

import { devices, MicrophoneError, onDevicesChanged, type Room } from "../sdk/index.js";
import { byId, fillDevices, memory } from "./elements.js";
import { Meter } from "./meter.js";
import { microphoneText } from "./words.js";

const choosesOutput = "setSinkId" in HTMLMediaElement.prototype;

export class DevicesDialog {
  readonly #dialog = byId<HTMLDialogElement>("devices-dialog");
  readonly #input = byId<HTMLSelectElement>("input");
  readonly #output = byId<HTMLSelectElement>("output");
  readonly #status = byId("devices-status");
  readonly #meter = new Meter(byId("input-meter"));
  readonly #offs: Array<() => void>;

  constructor(private readonly room: Room) {
    byId("output-field").hidden = !choosesOutput;
    this.#input.onchange = () => void this.#chooseInput();
    this.#output.onchange = () => void this.#chooseOutput();
    this.#dialog.onclose = () => this.#meter.stop();
    this.#offs = [
      onDevicesChanged(() => void this.#fill()),
      room.on("microphone", () => this.#dialog.open && void this.#fill()),
    ];
  }

  async open(): Promise<void> {
    this.#status.textContent = "";
    this.#dialog.showModal();
    await this.#fill();
  }

  close(): void {
    for (const off of this.#offs) off();
    this.#meter.stop();
    this.#dialog.close();
  }

  async #fill(): Promise<void> {
    const { inputs, outputs } = await devices();
    const { track } = this.room;
    fillDevices(this.#input, inputs, "Microphone", track?.getSettings().deviceId ?? "");
    fillDevices(this.#output, outputs, "Loudspeaker", memory.get("output") || "default");
    if (this.#dialog.open) this.#meter.watch(track);
  }

  async #chooseInput(): Promise<void> {
    this.#status.textContent = "";
    try {
      await this.room.setInputDevice(this.#input.value);
      memory.set("input", this.#input.value);
    } catch (error) {
      const fault = error instanceof MicrophoneError ? error.fault : "busy";
      this.#status.textContent = microphoneText(fault) ?? "";
      await this.#fill();
    }
  }

  async #chooseOutput(): Promise<void> {
    this.#status.textContent = "";
    try {
      await this.room.setOutputDevice(this.#output.value);
      memory.set("output", this.#output.value);
    } catch {
      this.#status.textContent = "That loudspeaker can not be used.";
    }
  }
}
