/**
 * Those who are told of changes as they come, by server-sent events.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { streamHead } from "./answer.ts";
import type { StatusReport } from "./report.ts";
import { isUnreached } from "./status_source.ts";

/** The media type of events. */
export const EVENTS_TYPE = "text/event-stream; charset=utf-8";

/** Readers at once; each costs a descriptor, and all together one report a second. */
export const MOST_READERS = 8;

/** How often it is looked for a change, in milliseconds. */
const STEP_MS = 1_000;

/**
 * How often a reader is told although nothing has changed, in milliseconds: so that it can tell a process that has
 * nothing to say from one that is stopped or out of reach.
 */
const SILENCE_MS = 5_000;

/** A reader that has not taken an event for so long is dropped, in milliseconds. */
const PATIENCE_MS = 10_000;

/** Memory for what a reader may send, which is of no interest. */
const READ_BYTES = 64;

/** Somebody who reads. */
interface Reader {
  readonly duplex: Duplex;
  /** Since when a write waits, by the clock. */
  writingSinceMs: number | undefined;
}

/**
 * Sends each reader the report when it has changed, once a second at the most, and now and then when it has not. One
 * that is slow misses some, and holds up nobody; without readers no report is made.
 *
 * Source: HTML Standard, "Server-sent events".
 */
export class EventReaders {
  readonly #clock: Clock;
  readonly #report: () => Promise<StatusReport>;
  readonly #readers: Set<Reader> = new Set();
  #timer: Timer | undefined;
  #last = "";
  #toldAtMs = 0;

  /** Nobody reads. */
  constructor(clock: Clock, report: () => Promise<StatusReport>) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Whether no more are taken. */
  get isFull(): boolean {
    return this.#readers.size >= MOST_READERS;
  }

  /**
   * Sends events to `duplex`, which is closed when its reader is gone or slow. Settles then; never rejects.
   *
   * @param first How things are now, by {@linkcode eventOf}.
   */
  async serve(duplex: Duplex, first: Uint8Array): Promise<void> {
    const reader: Reader = { duplex, writingSinceMs: undefined };
    this.#readers.add(reader);
    // What the others have had is told to them again if it has changed since.
    this.#write(reader, streamHead(EVENTS_TYPE), first);
    this.#timer ??= this.#clock.setTimer(() => void this.#look(), STEP_MS);
    const into = new Uint8Array(READ_BYTES);
    try {
      // It has nothing to say: what matters is that it goes.
      while (await duplex.read(into) !== null);
    } catch {
      // It is gone.
    }
    this.#drop(reader);
  }

  /** Closes the connections of those who are there. */
  sendAway(): void {
    for (const reader of [...this.#readers]) this.#drop(reader);
  }

  /** Ends all. */
  stop(): void {
    this.#timer?.cancel();
    this.sendAway();
  }

  async #look(): Promise<void> {
    this.#timer = undefined;
    if (this.#readers.size === 0) return;
    const nowMs = this.#clock.now();
    for (const reader of this.#readers) {
      if (nowMs - (reader.writingSinceMs ?? nowMs) >= PATIENCE_MS) this.#drop(reader);
    }
    try {
      this.#tellChange(nowMs, await this.#report());
    } catch (error) {
      // Whoever reads sees that nothing comes, and the next look may find somebody.
      if (!isUnreached(error)) reportError(error);
    }
    if (this.#readers.size > 0) this.#timer ??= this.#clock.setTimer(() => void this.#look(), STEP_MS);
  }

  #tellChange(nowMs: number, { now, ...rest }: StatusReport): void {
    const text = JSON.stringify(rest);
    const isDue = text !== this.#last || nowMs - this.#toldAtMs >= SILENCE_MS;
    if (isDue) this.#tell(nowMs, eventOf({ ...rest, now }));
    this.#last = text;
  }

  #tell(nowMs: number, event: Uint8Array): void {
    this.#toldAtMs = nowMs;
    for (const reader of this.#readers) if (reader.writingSinceMs === undefined) this.#write(reader, event);
  }

  async #write(reader: Reader, ...parts: readonly Uint8Array[]): Promise<void> {
    reader.writingSinceMs = this.#clock.now();
    try {
      for (const part of parts) await reader.duplex.write(part);
      reader.writingSinceMs = undefined;
    } catch {
      this.#drop(reader);
    }
  }

  #drop(reader: Reader): void {
    this.#readers.delete(reader);
    reader.duplex.close();
  }
}

/** The event that tells how things are. */
export function eventOf(report: StatusReport): Uint8Array {
  return new TextEncoder().encode(`event: sessions\ndata: ${JSON.stringify(report)}\n\n`);
}
