/**
 * The end of a carrier that a process holds.
 *
 * @module
 */
import type { Duplex } from "../../lib/net/duplex.ts";
import { ForwardedDuplex } from "../../lib/net/forwarded_duplex.ts";
import { LentWrite } from "../support/lent_memory.ts";

/** What a process has to wait for at its end of a carrier. */
export interface Lateness {
  /** Before what was read reaches it; `undefined` if at once. */
  read: (() => Promise<void> | undefined) | undefined;
  /** Before what is written leaves; `undefined` if at once. */
  write: (() => Promise<void> | undefined) | undefined;
  /** Before what was under way at the end settles, if writes are late. */
  settle: () => Promise<void> | undefined;
}

/** The end of a carrier that a process holds; applies the carrier's fate to what is written. */
export class CarrierEnd extends ForwardedDuplex {
  /** Whether the process has let go of it. */
  isClosed = false;
  readonly #onWrite: (bytes: Uint8Array, written: number) => void;
  readonly #late: Lateness;
  #written = 0;

  constructor(end: Duplex, onWrite: (bytes: Uint8Array, writtenBytes: number) => void, late: Lateness) {
    super(end);
    this.#onWrite = onWrite;
    this.#late = late;
  }

  override read(into: Uint8Array): Promise<number | null> {
    const reading = super.read(into);
    return this.#late.read === undefined ? reading : this.#readLate(reading);
  }

  async #readLate(reading: Promise<number | null>): Promise<number | null> {
    const count = await reading;
    await this.#late.read!();
    return count;
  }

  override write(bytes: Uint8Array): Promise<void> {
    this.#written += bytes.length;
    this.#onWrite(bytes, this.#written);
    return this.#late.write === undefined ? super.write(bytes) : this.#writeLate(bytes);
  }

  async #writeLate(bytes: Uint8Array): Promise<void> {
    const lent = new LentWrite(bytes);
    let taken = 0;
    try {
      await this.#late.write!();
      await super.write(bytes);
      taken = bytes.length;
    } catch (error) {
      await this.#late.settle();
      throw error;
    } finally {
      lent.giveBack(taken);
    }
  }

  override abort(reason?: unknown): void {
    this.isClosed = true;
    super.abort(reason);
  }

  override close(): void {
    this.isClosed = true;
    super.close();
  }
}
