/**
 * Frames by which a server tells how many bulk carriers it wishes for.
 *
 * @module
 */
import type { FrameLog } from "../carrier/frame_log.ts";
import { type Want, writeWant } from "../frames.ts";
import { WANT_FRAME_BYTES } from "../session_constants.ts";

/**
 * Numbers what is told, since several carriers may bring it in any order. A pure core; the last of a server's and of its
 * peer's are not the same.
 *
 * Source: `PROTOCOL.md`, "Want".
 *
 * @example
 * ```ts
 * import { Wants } from "./wants.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const wants = new Wants();
 * assertEquals(wants.take({ rise: 2, count: 5 }), 5);
 * assertEquals(wants.take({ rise: 1, count: 0 }), undefined);
 * ```
 */
export class Wants {
  #rise = 0;
  #count = 0;
  #isDue = false;
  #hasTold = false;

  /** The end wishes for so many now. */
  due(count: number): void {
    this.#count = count;
    this.#isDue = true;
  }

  /** Puts what is due into `log`. */
  tell(log: FrameLog): void {
    if (!this.#isDue) return;
    this.#isDue = false;
    this.#hasTold = true;
    const at = log.reserve(WANT_FRAME_BYTES);
    writeWant(log.arena, at, { rise: ++this.#rise, count: this.#count });
  }

  /** The carrier that had the last one may be gone with it: it is told again. */
  again(): void {
    this.#isDue = this.#hasTold;
  }

  /** The peer wishes for so many; `undefined` if that came late. */
  take({ rise, count }: Want): number | undefined {
    if (rise <= this.#rise) return undefined;
    this.#rise = rise;
    return count;
  }
}
