// Microphones and loudspeakers.

export interface AudioDevice {
  id: string;
  label: string; // empty until the user has allowed a microphone once
}

// What the browser offers now. Labels are empty until a microphone was allowed.
export async function devices(): Promise<{ inputs: AudioDevice[]; outputs: AudioDevice[] }> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const of = (kind: MediaDeviceKind) =>
    all
      .filter((device) => device.kind === kind && device.deviceId !== "")
      .map((device) => ({ id: device.deviceId, label: device.label }));
  return { inputs: of("audioinput"), outputs: of("audiooutput") };
}

// Calls `listener` when a device was plugged in or out; returns the function that ends it.
export function onDevicesChanged(listener: () => void): () => void {
  navigator.mediaDevices?.addEventListener("devicechange", listener);
  return () => navigator.mediaDevices?.removeEventListener("devicechange", listener);
}
