"""aiortc, driven line by line: a JSON object in, a JSON object out.

{"do": "offer", "hz": N}            -> {"sdp"}: a connection that sends a tone
{"do": "answered", "sdp": TEXT}     -> {}: the answer to it
{"do": "hear", "sdp": TEXT}         -> {"sdp"}: the answer to a connection that brings a voice
{"do": "heard", "tones": [N, ...]}  -> {"400": 0.98}: the share of each tone in the last half second
"""

import asyncio
import collections
import json
import sys

from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription

from tones import RATE, SAMPLES, hum, shares

FRAMES = 25  # half a second


class Tone(MediaStreamTrack):
    """A voice that hums one frequency, in real time."""

    kind = "audio"

    def __init__(self, hz):
        super().__init__()
        self.hz = hz
        self.position = 0
        self.began = None

    async def recv(self):
        now = asyncio.get_running_loop().time()
        self.began = self.began or now
        await asyncio.sleep(max(0, self.began + self.position / RATE - now))
        frame = hum(self.hz, self.position)
        self.position += SAMPLES
        return frame


class Client:
    def __init__(self):
        self.sending = RTCPeerConnection()
        self.receiving = RTCPeerConnection()
        self.receiving.on("track", self.listen)
        self.frames = collections.deque(maxlen=FRAMES)
        self.listener = None

    async def offer(self, hz):
        self.sending.addTransceiver(Tone(hz), direction="sendonly")
        await self.sending.setLocalDescription(await self.sending.createOffer())
        return {"sdp": self.sending.localDescription.sdp}

    async def answered(self, sdp):
        await self.sending.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        return {}

    async def hear(self, sdp):
        await self.receiving.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await self.receiving.setLocalDescription(await self.receiving.createAnswer())
        return {"sdp": self.receiving.localDescription.sdp}

    def listen(self, track):
        async def collect():
            while True:
                self.frames.append(await track.recv())

        self.listener = asyncio.ensure_future(collect())

    async def heard(self, tones):
        return shares(self.frames, tones, FRAMES)


async def main():
    client = Client()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        print(json.dumps(await getattr(client, order.pop("do"))(**order)), flush=True)


asyncio.run(main())
