/**
 * Which bytes of a stream have come.
 *
 * @module
 */

/** Ranges of offsets, rising, none of which touches another. */
export class Ranges {
  readonly #all: { from: number; to: number }[] = [];

  /** The offset behind the last byte. */
  get end(): number {
    return this.#all.at(-1)?.to ?? 0;
  }

  /** Bytes `from` to `to` came. Returns how many of them had come before. */
  add(from: number, to: number): number {
    const touched = this.#all.filter((range) => range.to >= from && range.from <= to);
    const again = touched.reduce((sum, range) => sum + Math.min(range.to, to) - Math.max(range.from, from), 0);
    const at = this.#all.findIndex((range) => range.to >= from);
    const joined = {
      from: Math.min(from, ...touched.map((range) => range.from)),
      to: Math.max(to, ...touched.map((range) => range.to)),
    };
    this.#all.splice(at < 0 ? this.#all.length : at, touched.length, joined);
    return again;
  }
}
