// node-datachannel as a client of joinBySdp(): it sends Opus packets, and keeps those that it gets.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { nodeDataChannel } from "../e2e/support/packages.mjs";

export const payloadType = 111;
export const packetMs = 20;
const ticksPerPacket = 960;

// `name` is the peer's, `ssrc` that of its voice, `packets` what it says: Opus packets of 20 ms,
// over and over.
export function startDatachannel(t, name, ssrc, packets) {
  const { PeerConnection, Audio } = nodeDataChannel;
  const connections = [];
  const connection = (direction) => {
    const made = new PeerConnection(`${name} ${direction}`, {
      iceServers: [],
      disableAutoNegotiation: true,
    });
    connections.push(made);
    return made;
  };
  t.after(() => connections.forEach((made) => made.close()));

  const sent = [];
  const received = [];
  const sending = connection("send");
  const voice = new Audio("0", "SendOnly");
  voice.addOpusCodec(payloadType);
  voice.addSSRC(ssrc, name);
  const track = sending.addTrack(voice);
  const speaking = setInterval(() => {
    if (!track.isOpen()) return;
    const payload = packets[sent.length % packets.length];
    track.sendMessageBinary(rtpPacket(ssrc, sent.length, payload));
    sent.push(payload);
  }, packetMs);
  t.after(() => clearInterval(speaking));

  return {
    sent, // payloads
    received,
    offer: () => described(sending, "offer"),
    answered: (sdp) => sending.setRemoteDescription(sdp, "answer"),
    hear: async (_name, sdp) => {
      const receiving = connection("receive");
      receiving.onTrack((track) => {
        receiving.track = track; // else it is collected
        track.onMessage((packet) => isRtp(packet) && received.push(payloadOf(packet)));
      });
      receiving.setRemoteDescription(sdp, "offer");
      return described(receiving, "answer");
    },
  };
}

// The local description, once it has all candidates.
export async function described(connection, type) {
  const gathered = new Promise((resolve) => {
    connection.onGatheringStateChange((state) => state === "complete" && resolve());
  });
  connection.setLocalDescription(type);
  await gathered;
  return connection.localDescription().sdp;
}

export function rtpPacket(ssrc, number, payload) {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = payloadType | (number === 0 ? 0x80 : 0);
  header.writeUInt16BE(number & 0xffff, 2);
  header.writeUInt32BE((number * ticksPerPacket) >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, payload]);
}

// RTCP comes the same way. RFC 5761 §4.
export const isRtp = (packet) => packet.length >= 12 && (packet[1] < 192 || packet[1] > 223);

// RFC 3550 §5.1, §5.3.1.
export function payloadOf(packet) {
  let at = 12 + 4 * (packet[0] & 0x0f);
  if (packet[0] & 0x10) at += 4 + 4 * packet.readUInt16BE(at + 2);
  return packet.subarray(at);
}

const script = fileURLToPath(new URL("opus_packets.py", import.meta.url));

async function run(args, input) {
  const child = spawn("/usr/bin/python3", ["-B", script, ...args.map(String)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(input);
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`opus_packets.py ${args.join(" ")}: ${code}`);
  return output;
}

// Opus packets of 20 ms of a tone.
export async function opusTone(hz, count) {
  const output = await run(["encode", hz, count], "");
  return output
    .trim()
    .split("\n")
    .map((line) => Buffer.from(line, "hex"));
}

// Which of the tones are in Opus packets: { 400: 0.98 }, the share of packets.
export async function tonesIn(packets, tones) {
  return JSON.parse(
    await run(["decode", ...tones], packets.map((packet) => packet.toString("hex")).join("\n")),
  );
}
