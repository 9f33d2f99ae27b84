// Shows how loud a microphone is, before anybody hears it.

const perSecond = 15;
const loud = 0.25; // root mean square of a voice close to the microphone

export class Meter {
  #context: AudioContext | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly bar: HTMLElement) {}

  watch(track: MediaStreamTrack | undefined): void {
    this.stop();
    if (track === undefined) return;
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 1024;
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      this.#show(Math.min(1, Math.sqrt(Math.sqrt(power) / loud)));
    }, 1000 / perSecond);
  }

  stop(): void {
    clearInterval(this.#timer);
    void this.#context?.close();
    this.#context = undefined;
    this.#show(0);
  }

  #show(level: number): void {
    this.bar.style.setProperty("--level", level.toFixed(2));
  }
}
