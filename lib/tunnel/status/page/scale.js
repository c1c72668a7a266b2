// @ts-check
/**
 * Where a time stands on a line that ends now: in percent, so that it fits any width.
 *
 * @module
 */

/** What a line may show, in milliseconds: of something young a short time, or all would stand at its end. */
const SPANS_MS = [120_000, 360_000, 720_000, 1_800_000, 3_600_000];

/** Parts into which marks divide a line. */
const PARTS = 6;

/** What would be too thin to be seen is as wide as this, in percent: nine seconds of an hour. */
const LEAST_WIDTH = 0.25;

/**
 * A time from one moment to another.
 *
 * @typedef {object} Span
 * @property {number} x Where it begins, in percent of the line.
 * @property {number} width In percent of the line.
 * @property {string} from When it began, ISO: it may be before the line begins.
 * @property {string | null} to When it ended, ISO; `null` while it goes on.
 * @property {number} ms How long it was, or has been.
 */

/** A line. Times are in milliseconds since 1970. */
export class Scale {
  /** @type {number} */
  #nowMs;
  /** What the line shows, in milliseconds. @type {number} */
  spanMs;

  /**
   * A line that shows all, but an hour at the most.
   *
   * @param {number} beganMs When what it shows began.
   * @param {number} nowMs
   */
  constructor(beganMs, nowMs) {
    this.#nowMs = nowMs;
    this.spanMs = SPANS_MS.find((spanMs) => nowMs - beganMs <= spanMs) ?? 3_600_000;
  }

  /**
   * @param {number} ms
   * @returns {number} Percent of the line; its beginning for what was before.
   */
  at(ms) {
    return percent(Math.min(1, Math.max(0, 1 - (this.#nowMs - ms) / this.spanMs)) * 100);
  }

  /**
   * @param {string | null} to
   * @returns {number} When something ends, or now.
   */
  endOf(to) {
    return to === null ? this.#nowMs : Date.parse(to);
  }

  /**
   * @param {{ from: string, to: string | null }} times
   * @returns {Span | null} `null` if it was over before the line begins.
   */
  span({ from, to }) {
    const [fromMs, toMs] = [Date.parse(from), this.endOf(to)];
    if (!(toMs > this.#nowMs - this.spanMs)) return null;
    const width = percent(Math.max(LEAST_WIDTH, this.at(toMs) - this.at(fromMs)));
    // What has just begun is as wide as the rest, and must not leave the line.
    return { x: percent(Math.min(this.at(fromMs), 100 - width)), width, from, to, ms: toMs - fromMs };
  }

  /** @returns {{ x: number, ms: number }[]} Places within the line, and how long before now they are; oldest first. */
  marks() {
    const marks = [];
    for (let part = 1; part < PARTS; part++) {
      marks.push({ x: percent(part / PARTS * 100), ms: this.spanMs / PARTS * (PARTS - part) });
    }
    return marks;
  }
}

/** @param {number} amount Three places: a tenth of a pixel of the widest screen. */
function percent(amount) {
  return Math.round(amount * 1000) / 1000;
}
