/**
 * A path that is torn while the other one stays: what tele tells of it, and what the user notices.
 *
 * @module
 */
import { formatMs } from "./duration.ts";

/** How it went. */
export interface TornPathResult {
  /** From 1, for people. */
  readonly path: number;
  /** Whether a connection worked over it again while the demo waited for that. */
  readonly isBack: boolean;
  /** The longest that the user waited for an answer meanwhile, in milliseconds. */
  readonly pauseMs: number;
}

/** One path, from when it was torn until it is back. */
export class TornPath {
  /** From 1, for people. */
  readonly path: number;
  readonly #entrance: string;
  readonly #tornAtMs: number;
  #told: string;

  /** It was torn at `tornAtMs`, by silence or by a reset; tele calls it `entrance`. */
  constructor(path: number, entrance: string, isSilent: boolean, tornAtMs: number) {
    this.path = path;
    this.#entrance = entrance;
    this.#tornAtMs = tornAtMs;
    this.#told = `path ${path} alone, ${isSilent ? "silent" : "reset"}`;
  }

  /** What was told last, in a few words. */
  get told(): string {
    return this.#told;
  }

  /**
   * Tele has logged a line about a path.
   *
   * @returns What that says to people, or `undefined` where it is about the other path.
   */
  hear(line: { readonly message: string; readonly path?: string }, nowMs: number): string | undefined {
    if (line.path !== this.#entrance) return undefined;
    const afterMs = formatMs(nowMs - this.#tornAtMs);
    if (line.message.includes(" is down: ")) this.#told = `path ${this.path} is down, noticed after ${afterMs}`;
    else if (line.message.endsWith(" is up")) this.#told = `path ${this.path} is up again after ${afterMs}`;
    else return undefined;
    return this.#told;
  }
}
