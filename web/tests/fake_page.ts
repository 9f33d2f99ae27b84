// A browser's page in memory: sockets to a FakeServer, WebRTC that says what it is told to say.
import { FakeMediaStreamTrack } from "fake-mediastreamtrack";
import { Device, FakeHandler, testFakeParameters, type types } from "mediasoup-client";
import type { Environment } from "../sdk/environment.js";
import { MicrophoneError } from "../sdk/microphone.js";
import type { TransportState } from "../sdk/mend.js";
import type { SocketLike } from "../sdk/signalling/link.js";
import type { FakeServer } from "./fake_server.js";

export function fakeTrack(label = "a microphone"): MediaStreamTrack {
  return new FakeMediaStreamTrack({ kind: "audio", label }) as unknown as MediaStreamTrack;
}

export class FakePage implements Environment {
  readonly playing = new Map<string, MediaStreamTrack>();
  readonly volumes = new Map<string, number>(); // of what plays, where it was set
  readonly opened: MediaStreamTrack[] = []; // microphones, in order
  microphone: "there" | "missing" | "refused" = "there";
  online = true;
  onNetwork = () => {};
  onDevices = () => {};
  onGoing = () => {};
  #transports: types.Transport[] = [];

  constructor(private readonly server: FakeServer) {}

  readonly openSocket = (url: string): SocketLike => connect(this.server, url, this.online);

  async createDevice(): Promise<types.Device> {
    const device = new Device({ handlerFactory: FakeHandler.createFactory(testFakeParameters) });
    device.observer.on("newtransport", (transport: types.Transport) => {
      this.#transports.push(transport);
    });
    return device;
  }

  readonly openMicrophone = async (deviceId = "default"): Promise<MediaStreamTrack> => {
    if (this.microphone !== "there") throw new MicrophoneError(this.microphone, "");
    const track = fakeTrack(deviceId);
    this.opened.push(track);
    return track;
  };

  createPlayback() {
    return {
      play: (key: string, track: MediaStreamTrack) => void this.playing.set(key, track),
      stop: (key: string) => void (this.playing.delete(key), this.volumes.delete(key)),
      setVolume: (key: string, volume: number) => void this.volumes.set(key, volume),
      setOutput: async () => {},
      resume: async () => {},
      close: () => this.playing.clear(),
    };
  }

  watchNetwork(listener: () => void) {
    this.onNetwork = listener;
    return () => (this.onNetwork = () => {});
  }
  watchDevices(listener: () => void) {
    this.onDevices = listener;
    return () => (this.onDevices = () => {});
  }
  watchGoing(listener: () => void) {
    this.onGoing = listener;
    return () => (this.onGoing = () => {});
  }

  // What the browser finds out about the connections that are open.
  become(state: TransportState): void {
    for (const transport of this.#transports) {
      if (!transport.closed) (transport.handler as FakeHandler).setConnectionState(state);
    }
  }
}

// Unplugs a device, as its track hears of it.
export function unplug(track: MediaStreamTrack): void {
  (track as unknown as FakeMediaStreamTrack).remoteStop();
}

// Every message is a turn of its own, as in a browser.
function connect(server: FakeServer, url: string, online: boolean): SocketLike {
  let open = false;
  const later = (act: () => void) => void setImmediate(act);
  const end = (code: number, reason: string) =>
    later(() => {
      if (!open) return;
      open = false;
      peer?.onClose();
      socket.onclose?.({ code, reason } as never);
    });
  const socket: SocketLike = {
    get readyState() {
      return open ? 1 : 3;
    },
    onopen: null,
    onmessage: null,
    onclose: null,
    send: (text) => later(() => open && peer?.onText(text)),
    close: () => end(1000, ""),
  };
  let peer: ReturnType<FakeServer["connect"]> | undefined;
  later(() => {
    open = true;
    if (!online) return end(1006, "");
    socket.onopen?.({} as never);
    peer = server.connect(url, {
      send: (text) => later(() => open && socket.onmessage?.({ data: text } as never)),
      close: end,
    });
  });
  return socket;
}
