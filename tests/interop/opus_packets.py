"""Opus packets and the tones in them, by the libopus that aiortc uses.

opus_packets.py encode HZ COUNT  prints COUNT packets of 20 ms of a tone, each in hexadecimal
opus_packets.py decode HZ...     reads such lines, prints which tones are in them: {"400": 0.98}
"""

import json
import sys

from aiortc.codecs.opus import OpusDecoder, OpusEncoder
from aiortc.jitterbuffer import JitterFrame

from tones import SAMPLES, hum, shares


def encode(hz, count):
    encoder = OpusEncoder()
    for i in range(count):
        payloads, _ = encoder.encode(hum(hz, i * SAMPLES))
        print(payloads[0].hex())


def decode(tones):
    decoder = OpusDecoder()
    packets = [bytes.fromhex(line) for line in sys.stdin]
    frames = [frame for packet in packets for frame in decoder.decode(JitterFrame(packet, 0))]
    print(json.dumps(shares(frames, tones, len(frames))))


if sys.argv[1] == "encode":
    encode(int(sys.argv[2]), int(sys.argv[3]))
else:
    decode([int(hz) for hz in sys.argv[2:]])
