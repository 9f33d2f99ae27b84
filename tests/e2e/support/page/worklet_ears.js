// Ears for browsers whose AudioContext runs without a sound card. They listen all the time, window
// by window, on one clock for all tracks; so they can also tell how long a gap was.
"use strict";
(() => {
  const { tones, windowMs, amplitude, tonesIn, shares } = window.voice;

  const processor = `
    ${amplitude}
    ${tonesIn}
    const tones = ${JSON.stringify(tones)};
    registerProcessor("ear", class extends AudioWorkletProcessor {
      samples = new Float32Array((sampleRate * ${windowMs}) / 1000);
      filled = 0;
      batch = []; // [time, tones, peak]
      process([[channel]]) {
        for (let i = 0; i < 128; i++) {
          this.samples[this.filled++] = channel ? channel[i] : 0;
          if (this.filled < this.samples.length) continue;
          this.filled = 0;
          const peak = this.samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
          this.batch.push([currentTime, tonesIn(this.samples, sampleRate, tones), peak]);
        }
        if (this.batch.length >= 5) this.port.postMessage(this.batch.splice(0));
        return true;
      }
    });`;

  let context;
  let ready;
  function audio() {
    if (context === undefined) {
      context = new AudioContext({ sampleRate: 48000 });
      const url = URL.createObjectURL(new Blob([processor], { type: "text/javascript" }));
      ready = context.audioWorklet.addModule(url);
    }
    return context;
  }

  const gains = []; // of what this page hums

  // As loud as this page hums from now on; 0.3 at first.
  function setGain(gain) {
    for (const node of gains) node.gain.value = gain;
  }

  // A track that hums one tone until it is stopped.
  function hum(hz) {
    const oscillator = new OscillatorNode(audio(), { frequency: hz });
    const destination = new MediaStreamAudioDestinationNode(audio(), { channelCount: 1 });
    const volume = new GainNode(audio(), { gain: 0.3 });
    gains.push(volume);
    oscillator.connect(volume).connect(destination);
    oscillator.start();
    return destination.stream.getAudioTracks()[0];
  }

  const heard = new Map(); // name -> [[time, tones], ...] of all its tracks
  const ears = new Map(); // track -> what takes its ear off

  // Listens to a track as something that `name` says. Waits for the clock to run.
  async function listen(name, track) {
    if (ears.has(track)) return;
    const source = new MediaStreamAudioSourceNode(audio(), {
      mediaStream: new MediaStream([track]),
    });
    ears.set(track, () => source.disconnect());
    await ready;
    if (!ears.has(track)) return;
    const ear = new AudioWorkletNode(audio(), "ear", {
      channelCount: 1,
      channelCountMode: "explicit",
    });
    if (!heard.has(name)) heard.set(name, []);
    ear.port.onmessage = ({ data }) => heard.get(name).push(...data);
    source.connect(ear).connect(audio().destination); // says nothing, but only so it is run
    ears.set(track, () => {
      source.disconnect();
      ear.disconnect();
      ear.port.onmessage = null;
    });
  }

  function unlisten(track) {
    ears.get(track)?.();
    ears.delete(track);
  }

  const now = () => audio().currentTime * 1000;

  // What was heard in the last `ms`: { ada: { 400: 0.98 } }, by name and tone the share of the
  // time. The newest windows may still be on their way here from the audio thread: of a track that
  // told of less than half of the time nothing is said.
  async function recent(ms) {
    const since = now() - ms;
    const result = {};
    for (const [name, log] of heard) {
      const masks = log.filter(([time]) => time * 1000 >= since).map(([, mask]) => mask);
      if (masks.length * 2 < ms / windowMs) continue;
      const found = shares(masks, masks.length);
      if (Object.keys(found).length > 0) result[name] = found;
    }
    return result;
  }

  // Every tone that lasted for three windows or more, by name: { ada: [400] }.
  function everHeard() {
    const result = {};
    for (const [name, log] of heard) {
      const lasted = log.map(
        ([, mask], i) => mask & (log[i + 1]?.[1] ?? 0) & (log[i + 2]?.[1] ?? 0),
      );
      result[name] = tones.filter((_, i) => lasted.some((mask) => mask & (1 << i)));
    }
    return result;
  }

  // What a track gave since a now(), window by window: [ms, [tones], peak].
  function windows(name, from) {
    return (heard.get(name) ?? [])
      .filter(([time]) => time * 1000 >= from)
      .map(([time, mask, peak]) => [time * 1000, tones.filter((_, i) => mask & (1 << i)), peak]);
  }

  // How long ago the newest stretch of `hz` from `name` began, in ms: one without gaps of 300 ms.
  function heardForMs(name, hz) {
    const bit = 1 << tones.indexOf(hz);
    const times = (heard.get(name) ?? [])
      .filter(([, mask]) => mask & bit)
      .map(([time]) => time * 1000);
    times.sort((a, b) => b - a);
    const end = times.findIndex((time, i) => time - (times[i + 1] ?? -Infinity) > 300);
    return now() - times[end];
  }

  // The longest time that `hz` was not heard from `name`, between two times of now(), all in ms.
  function longestGap(name, hz, from, to) {
    const bit = 1 << tones.indexOf(hz);
    const times = (heard.get(name) ?? [])
      .filter(([, mask]) => mask & bit)
      .map(([time]) => time * 1000)
      .filter((time) => time >= from && time <= to)
      .sort((a, b) => a - b);
    let longest = 0;
    let last = from;
    for (const time of [...times, to]) {
      longest = Math.max(longest, time - last - windowMs);
      last = time;
    }
    return Math.round(longest);
  }

  Object.assign(window.voice, {
    hum,
    setGain,
    windows,
    listen,
    unlisten,
    recent,
    everHeard,
    heardForMs,
    longestGap,
    now,
  });
})();
