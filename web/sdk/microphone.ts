// The microphone that is heard, and what takes its place when it goes.

export type MicrophoneFault = "refused" | "missing" | "busy" | "insecure";

export class MicrophoneError extends Error {
  override readonly name = "MicrophoneError";
  constructor(
    readonly fault: MicrophoneFault,
    message: string,
  ) {
    super(message);
  }
}

// Opens a microphone: the one with `deviceId`, or the browser's default one. Throws MicrophoneError.
export async function openMicrophone(deviceId?: string): Promise<MediaStreamTrack> {
  // Browsers hide the microphone from pages that did not come over TLS or from this machine.
  if (!navigator.mediaDevices) {
    throw new MicrophoneError("insecure", "a microphone is only had over https");
  }
  const audio: MediaTrackConstraints = {
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    channelCount: { ideal: 1 },
    ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
  };
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    return stream.getAudioTracks()[0]!;
  } catch (error) {
    throw new MicrophoneError(faultOf(error), error instanceof Error ? error.message : "");
  }
}

// https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia
function faultOf(error: unknown): MicrophoneFault {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  return "busy";
}
