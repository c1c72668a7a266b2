/**
 * Resets that are to be told.
 *
 * @module
 */
import type { FrameLog } from "../session/carrier/frame_log.ts";
import { type FrameOwner, NOBODY } from "../session/carrier/piece_queue.ts";
import { type Reset, writeReset } from "../session/frames.ts";
import { MAX_EXTRA_BYTES, RESET_FRAME_BYTES } from "../session/session_constants.ts";
import { ALL, goesInto, type Share } from "../session/share.ts";

/** A reset that waits to be sent. */
export interface DueReset extends Reset {
  /** What its stream has sent; nothing of one that never was. */
  frames?: FrameOwner & { readonly areQueued: boolean };
}

/**
 * Resets of streams that are over here, until they are in a log.
 *
 * @example
 * ```ts
 * import { DueResets } from "./due_resets.ts";
 * import { FrameLog } from "../session/carrier/frame_log.ts";
 * import { LogBudget } from "../session/log_budget.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const resets = new DueResets();
 * resets.add({ id: 1, offset: 0, code: 1, message: "no" });
 * const log = new FrameLog(new LogBudget({ limitBytes: 1024 }));
 * resets.writeInto(log);
 * assertEquals([log.end, resets.bytes], [23, 0]);
 * ```
 */
export class DueResets {
  #due: DueReset[] = [];
  #bytes = 0;

  /** Whether none waits. */
  get isEmpty(): boolean {
    return this.#due.length === 0;
  }

  /** What those that wait take in a log, as far as their messages are ASCII. */
  get bytes(): number {
    return this.#bytes;
  }

  /** One more waits. */
  add(reset: DueReset): void {
    this.#due.push(reset);
    this.#bytes += RESET_FRAME_BYTES + reset.message.length;
  }

  /** Puts those into `log` that may go there. */
  writeInto(log: FrameLog, share: Share = ALL): void {
    if (this.isEmpty) return;
    const held: DueReset[] = [];
    for (const reset of this.#due) {
      // What it sent before, its open even, waits to be sent again, or is on another carrier: the peer may never have
      // heard of it.
      if (reset.frames?.areQueued || !goesInto(log, reset.frames?.openLog, share)) {
        held.push(reset);
        continue;
      }
      const { id, offset, code, message } = reset;
      const text = new TextEncoder().encode(message).subarray(0, MAX_EXTRA_BYTES);
      const at = log.reserve(RESET_FRAME_BYTES + text.length, reset.frames ?? NOBODY);
      writeReset(log.arena, at, { id, offset, code, message: text });
      this.#bytes -= RESET_FRAME_BYTES + message.length;
    }
    this.#due = held;
  }
}
