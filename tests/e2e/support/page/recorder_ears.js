// Ears for Firefox, whose AudioContext never starts without a sound card: they record for a while
// and look at what came.
"use strict";
(() => {
  const { tones, windowMs, tonesIn, shares } = window.voice;
  const rate = 48000;

  const tracks = new Map(); // track -> name

  async function listen(name, track) {
    tracks.set(track, name);
  }
  function unlisten(track) {
    tracks.delete(track);
  }

  // The samples of `ms` from now on.
  async function record(track, ms) {
    const recorder = new MediaRecorder(new MediaStream([track]), { audioBitsPerSecond: 64_000 });
    const chunks = [];
    recorder.ondataavailable = ({ data }) => chunks.push(data);
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    await new Promise((resolve) => {
      recorder.onstart = resolve;
      recorder.start();
    });
    setTimeout(() => recorder.stop(), ms);
    await stopped;
    const decoder = new OfflineAudioContext(1, rate, rate);
    const sound = await decoder.decodeAudioData(await new Blob(chunks).arrayBuffer());
    return sound.getChannelData(0);
  }

  async function tonesOf(track, ms) {
    const samples = await record(track, ms);
    const size = (rate * windowMs) / 1000;
    const masks = [];
    for (let at = 0; at + size <= samples.length; at += size) {
      masks.push(tonesIn(samples.subarray(at, at + size), rate, tones));
    }
    return shares(masks, masks.length);
  }

  // What is heard in the next `ms`, as of the other kind of ears.
  async function recent(ms) {
    const live = [...tracks].filter(([track]) => track.readyState === "live");
    const found = await Promise.all(
      live.map(async ([track, name]) => [name, await tonesOf(track, ms)]),
    );
    const result = {};
    for (const [name, heard] of found) {
      if (Object.keys(heard).length > 0) result[name] = { ...result[name], ...heard };
    }
    return result;
  }

  Object.assign(window.voice, { listen, unlisten, recent });
})();
