// Runs in every page before its own scripts, as do the other files of this folder: classic scripts,
// since browsers take them as text. This one tells tones apart.
"use strict";
(() => {
  // Far enough apart for windows of 20 ms, and none a multiple of another.
  const tones = [400, 700, 1000, 1300, 1700];
  const windowMs = 20;

  // Amplitude of one frequency in `samples`, by Goertzel's algorithm over a Hann window.
  function amplitude(samples, rate, hz) {
    const c = 2 * Math.cos((2 * Math.PI * hz) / rate);
    const step = (2 * Math.PI) / samples.length;
    let a = 0;
    let b = 0;
    for (let i = 0; i < samples.length; i++) {
      [a, b] = [samples[i] * (1 - Math.cos(i * step)) + c * a - b, a];
    }
    return (2 / samples.length) * Math.sqrt(Math.max(0, a * a + b * b - c * a * b));
  }

  // Which of `tones` are in one window: bit i for tones[i]. A tone leaks a few per cent into its
  // neighbours, and comfort noise stays far below 0.02.
  function tonesIn(samples, rate, tones) {
    const loud = tones.map((hz) => amplitude(samples, rate, hz));
    const floor = Math.max(0.02, Math.max(...loud) / 5);
    return loud.reduce((bits, a, i) => bits | (a > floor ? 1 << i : 0), 0);
  }

  // The share of `count` windows in which each tone was heard: { 400: 0.98 }; without those never
  // heard.
  function shares(masks, count) {
    const result = {};
    tones.forEach((hz, i) => {
      const heard = masks.filter((mask) => mask & (1 << i)).length;
      if (heard > 0) result[hz] = Math.round((heard / count) * 100) / 100;
    });
    return result;
  }

  window.voice = { tones, windowMs, amplitude, tonesIn, shares };
})();
