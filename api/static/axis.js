// A scale on which figures are drawn. Places are shares of the width, so that a drawing fits
// any width without being drawn anew.

const STEPS = [1, 2, 2.5, 5, 10];

/** Return the least round figure of which so many, at most, fill a width. */
export function roundStep(width, most) {
  const rough = width / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  return STEPS.find((one) => one * power >= rough) * power;
}

export class Axis {
  /**
   * @param {number} low the least figure of interest
   * @param {number} high the greatest one
   * @param {Array<number>} free shares of the scale that are left free at its ends
   */
  constructor(low, high, [before, after]) {
    const width = (high - low || Math.abs(high) || 1) / (1 - before - after);
    this.low = low - before * width;
    this.high = high + after * width;
  }

  /** Return where a figure lies, from 0 to 100; one beyond the scale lies at its end. */
  place(value) {
    const share = (value - this.low) / (this.high - this.low);
    return 100 * Math.min(1, Math.max(0, share));
  }

  /** Return where a figure lies, as attributes of shapes have it. */
  at(value) {
    return `${this.place(value).toFixed(2)}%`;
  }

  /** Tell whether the scale reaches as far as a figure. */
  reaches(value) {
    return this.low <= value && value <= this.high;
  }

  /** Return round figures on the scale, at most so many. */
  ticks(most) {
    const step = roundStep(this.high - this.low, most);
    const first = Math.ceil(this.low / step);
    const count = Math.floor(this.high / step) - first + 1;
    return Array.from({ length: count }, (_, at) => (first + at) * step);
  }
}
