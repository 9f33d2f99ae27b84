// parley-sdk: voice rooms in the browser. web/README.md shows how it is used.

export { Room } from "./room.js";
export { devices, onDevicesChanged, type AudioDevice } from "./devices.js";
export { MicrophoneError, openMicrophone, type MicrophoneFault } from "./microphone.js";
export { JoinError, type RoomEvents, type RoomOptions, type RoomState, type Trouble } from "./types.js";
export type { Peer } from "./peer.js";
export type { Quality, QualityLevel } from "./quality.js";
export type { CloseReason } from "./signalling/refusal.js";
export type { MicrophoneChange, MicrophoneState } from "./voice.js";
