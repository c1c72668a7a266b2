/**
 * Memory that is lent to a read or a write, as to an operating system: it belongs to the borrower until the promise
 * settles, and whoever touches it meanwhile is found out.
 *
 * With this module a segment is filled with a pattern when it goes back to its pool, so that one which went back too
 * soon shows in whatever still had it.
 *
 * @module
 */
import { SegmentPool } from "../../lib/session/segment_pool.ts";

/** What a segment is filled with that nobody holds. */
const FREE = 0xdd;
/** What the front of a buffer is filled with while it is read into. */
const LENT = 0xa5;
/** Bytes of the front that are filled: the whole buffer would cost the simulator half of its speed. */
const LENT_BYTES = 512;

const { giveBack } = SegmentPool.prototype;

SegmentPool.prototype.giveBack = function (this: SegmentPool, segment) {
  segment.memory.fill(FREE);
  giveBack.call(this, segment);
};

/** Told of each fault in place of a test that fails with it. */
let tell: ((fault: string) => void) | undefined;

/** Tells `next` of faults from now on, or fails the test in which they happen. */
export function onMemoryFault(next: ((fault: string) => void) | undefined): void {
  tell = next;
}

function fail(fault: string): void {
  if (tell !== undefined) return tell(fault);
  reportError(new Error(fault));
}

/** Bytes lent to a write: they must stay what they were when it began. */
export class LentWrite {
  readonly #bytes: Uint8Array;
  readonly #before: Uint8Array;

  /** The write begins. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#before = bytes.slice();
  }

  /** Bytes of it. */
  get length(): number {
    return this.#bytes.length;
  }

  /** Bytes leave: a copy of what stands there now. */
  take(start: number, bytes: number): Uint8Array {
    this.#check(start, start + bytes);
    return this.#bytes.slice(start, start + bytes);
  }

  /** The write settles; `taken` bytes have left. */
  giveBack(taken: number): void {
    this.#check(taken, this.#bytes.length);
  }

  #check(start: number, end: number): void {
    for (let at = start; at < end; at++) {
      if (this.#bytes[at] === this.#before[at]) continue;
      const how = this.#bytes[at] === FREE ? "given back to its pool" : "written into";
      return fail(`memory was ${how} while a write had it: byte ${at} of ${this.#bytes.length}`);
    }
  }
}

/** A buffer lent to a read: only the read may write into it. */
export class LentRead {
  readonly #into: Uint8Array;
  #filled = 0;

  /** The read begins; what was in the buffer is gone. */
  constructor(into: Uint8Array) {
    this.#into = into;
    into.fill(LENT, 0, LENT_BYTES);
  }

  /** Its size. */
  get length(): number {
    return this.#into.length;
  }

  /** Puts `bytes` there. */
  fill(bytes: Uint8Array, at: number): void {
    this.#check(at);
    this.#into.set(bytes, at);
    this.#filled = at + bytes.length;
  }

  /** The read settles. */
  giveBack(): void {
    this.#check(this.#filled);
  }

  #check(start: number): void {
    const end = Math.min(this.#into.length, LENT_BYTES);
    for (let at = start; at < end; at++) {
      if (this.#into[at] === LENT) continue;
      const how = this.#into[at] === FREE ? "given back to its pool" : "written into";
      return fail(`memory was ${how} while a read had it: byte ${at} of ${this.#into.length}`);
    }
  }
}

/** A buffer that other reads may have as well: nobody watches what they put there. */
export class SharedRead {
  readonly #into: Uint8Array;

  /** The read begins. */
  constructor(into: Uint8Array) {
    this.#into = into;
  }

  /** Its size. */
  get length(): number {
    return this.#into.length;
  }

  /** Puts `bytes` there, in the step in which they are told. */
  fill(bytes: Uint8Array, at: number): void {
    this.#into.set(bytes, at);
  }

  /** The read settles. */
  giveBack(): void {}
}
