// Asks again and again, as long as somebody looks.

const LONGEST_PAUSE_MS = 60_000;

/**
 * Call a function now and then: at once, then after each pause, never twice at a time. It
 * rests while the page is hidden, and comes ever more seldom while it fails.
 */
export class Poll {
  #ask;
  #everyMs;
  #timer = 0;
  #failures = 0;
  #isAsking = false;
  #isDue = false;
  #isOn = false;

  /**
   * @param {function(): Promise<boolean>} ask tells whether it went well
   * @param {number} everyMs pause between two calls
   */
  constructor(ask, everyMs) {
    this.#ask = ask;
    this.#everyMs = everyMs;
    document.addEventListener("visibilitychange", () => this.now());
  }

  /** Begin, or begin again. */
  start() {
    this.#isOn = true;
    this.now();
  }

  /** Ask no more. */
  stop() {
    this.#isOn = false;
    clearTimeout(this.#timer);
  }

  /** Ask at once; while a call is under way, right after it. */
  async now() {
    clearTimeout(this.#timer);
    if (!this.#isOn || document.hidden) return;
    this.#isDue = this.#isAsking;
    if (this.#isAsking) return;
    this.#isAsking = true;
    const went = await this.#ask().catch((error) => {
      // A bug of ours: it is to be seen, and the page to go on.
      reportError(error);
      return false;
    });
    this.#isAsking = false;
    this.#failures = went ? 0 : this.#failures + 1;
    if (this.#isDue) this.now();
    else this.#timer = setTimeout(() => this.now(), this.#pauseMs());
  }

  #pauseMs() {
    return Math.min(LONGEST_PAUSE_MS, this.#everyMs * 2 ** this.#failures);
  }
}
