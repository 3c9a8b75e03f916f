// @ts-check
/** A soft two-note sign for a new message; of several tabs only one plays it. */
export class Sound {
  #bridge;
  /** @type {AudioContext | null} */ #context = null;
  on;

  /** @param {import("./bridge.js").Bridge} bridge @param {AbortSignal} signal when it is no longer needed */
  constructor(bridge, signal) {
    this.#bridge = bridge;
    this.on = bridge.get("sound") !== "off";
    // Browsers let a page sound only after the visitor did something in it: a form, or any touch.
    if (navigator.userActivation?.hasBeenActive) this.#unlock();
    for (const sign of ["pointerup", "keydown"]) addEventListener(sign, () => this.#unlock(), { signal });
    signal.addEventListener("abort", () => this.#context?.close());
  }

  /** @param {boolean} on */
  set(on) {
    this.on = on;
    this.#bridge.set("sound", on ? null : "off");
    if (on) {
      this.#unlock();
      this.#play();
    }
  }

  #unlock() {
    if (this.on) this.#context ??= new AudioContext();
  }

  /** @param {string} id what is announced */
  async ring(id) {
    if (!this.on || !this.#context) return;
    const visible = document.visibilityState === "visible";
    if (!visible) await new Promise((resolve) => setTimeout(resolve, 300));
    const name = `imece-sound-${id}`;
    try {
      // Held for a while: a tab that comes later finds it taken.
      await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
        if (!lock) return;
        this.#play();
        await new Promise((resolve) => setTimeout(resolve, 3000));
      });
    } catch {
      // No locks in a frame without storage: only the tab in sight plays.
      if (visible) this.#play();
    }
  }

  #play() {
    const context = this.#context;
    if (!context) return;
    context.resume();
    [660, 880].forEach((pitch, index) => {
      const at = context.currentTime + index * 0.12;
      const tone = context.createOscillator();
      const volume = context.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, at + 0.3);
      tone.connect(volume).connect(context.destination);
      tone.start(at);
      tone.stop(at + 0.32);
    });
  }
}
