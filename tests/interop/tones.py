"""Tones as sound frames of 20 ms, and which of them are in such frames."""

import fractions

import numpy
from av import AudioFrame

RATE = 48000
SAMPLES = 960


def hum(hz, position):
    """The frame of a tone that begins at the sample `position`."""
    at = (position + numpy.arange(SAMPLES)) / RATE
    wave = (0.3 * 32767 * numpy.sin(2 * numpy.pi * hz * at)).astype(numpy.int16)
    frame = AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
    frame.pts, frame.sample_rate = position, RATE
    frame.time_base = fractions.Fraction(1, RATE)
    return frame


def shares(frames, tones, count):
    """In which share of `count` frames each tone is: {"400": 0.98}; nothing for zero."""
    found = [loud(frame, tones) for frame in frames]
    heard = {hz: sum(hz in loud_ones for loud_ones in found) / count for hz in tones}
    return {str(hz): share for hz, share in heard.items() if share > 0}


def loud(frame, tones):
    channels = len(frame.layout.channels)
    samples = numpy.frombuffer(bytes(frame.planes[0]), numpy.int16)[: SAMPLES * channels : channels]
    window = numpy.hanning(len(samples))
    at = numpy.arange(len(samples)) / frame.sample_rate
    level = {
        hz: abs(numpy.sum(samples / 32768 * window * numpy.exp(-2j * numpy.pi * hz * at)))
        * 2 / numpy.sum(window)
        for hz in tones
    }
    floor = max(0.02, max(level.values()) / 5)
    return {hz for hz in tones if level[hz] > floor}
