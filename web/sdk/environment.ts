// Everything of the world that a room touches, so that tests can give it another one.

import { Device, type types } from "mediasoup-client";
import { onDevicesChanged } from "./devices.js";
import { openMicrophone } from "./microphone.js";
import { PagePlayback, type Playback } from "./playback.js";
import type { OpenSocket } from "./signalling/link.js";

export interface Environment {
  openSocket: OpenSocket;
  // Throws when this browser can not do WebRTC.
  createDevice(): Promise<types.Device>;
  openMicrophone(deviceId?: string): Promise<MediaStreamTrack>;
  createPlayback(onBlocked: (blocked: boolean) => void): Playback;
  // Each calls its listener until the function that it returned is called.
  watchNetwork(listener: () => void): () => void;
  watchDevices(listener: () => void): () => void;
  watchGoing(listener: () => void): () => void;
}

// The page that this runs in.
export const page: Environment = {
  openSocket: (url, protocol) => new WebSocket(url, protocol),
  createDevice: () => Device.factory(),
  openMicrophone,
  createPlayback: (onBlocked) => new PagePlayback(onBlocked),
  watchNetwork,
  watchDevices: onDevicesChanged,
  // The page is being left: the others should not wait for its connection to time out.
  watchGoing: (listener) => watch(window, "pagehide", listener),
};

// Another network, the network again, or a machine that was asleep.
function watchNetwork(listener: () => void): () => void {
  // Not everywhere, and not in TypeScript's DOM.
  const connection = (navigator as { connection?: EventTarget }).connection;
  const offs = [
    watch(window, "online", listener),
    watch(document, "visibilitychange", () => {
      if (document.visibilityState === "visible") listener();
    }),
    ...(connection ? [watch(connection, "change", listener)] : []),
  ];
  return () => offs.forEach((off) => off());
}

function watch(target: EventTarget, name: string, listener: () => void): () => void {
  target.addEventListener(name, listener);
  return () => target.removeEventListener(name, listener);
}
