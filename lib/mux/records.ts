/**
 * The records of the mux as bytes: what the counted stream of a session consists of. Source: `PROTOCOL.md`, "Records".
 *
 * @module
 */
import { readU16, readU32, writeU16, writeU32 } from "../net/bytes.ts";
import { TeleError } from "../net/error.ts";
import {
  DATA_RECORD_HEADER_BYTES,
  FIN_RECORD_BYTES,
  MAX_RECORD_EXTRA_BYTES,
  OPEN_COST,
  OPEN_RECORD_BYTES,
  RecordType,
  RESET_RECORD_BYTES,
} from "./mux_constants.ts";

/** Credits that go with an open record, in bytes. */
export interface StartCredits {
  /** What the opener takes itself to be granted. */
  send: number;
  /** What the opener grants. */
  receive: number;
}

/** Writes an open record. */
export function writeOpen(into: Uint8Array, at: number, id: number, credits: StartCredits): void {
  into[at] = RecordType.open;
  writeU32(into, at + 1, id);
  writeU32(into, at + 5, credits.send);
  writeU32(into, at + 9, credits.receive);
  into[at + 13] = into[at + 14] = 0;
}

/** Writes the header of a data record; the data follows it. */
export function writeDataHeader(into: Uint8Array, at: number, id: number, length: number): void {
  into[at] = RecordType.data;
  writeU32(into, at + 1, id);
  writeU32(into, at + 5, length);
}

/** Writes a fin record. */
export function writeFin(into: Uint8Array, at: number, id: number): void {
  into[at] = RecordType.fin;
  writeU32(into, at + 1, id);
}

/** Writes a reset record with an UTF-8 `message`. */
export function writeReset(into: Uint8Array, at: number, id: number, code: number, message: Uint8Array): void {
  into[at] = RecordType.reset;
  writeU32(into, at + 1, id);
  writeU16(into, at + 5, code);
  writeU16(into, at + 7, message.length);
  into.set(message, at + RESET_RECORD_BYTES);
}

/** How much the records of one turn may still cost; see `MOST_TURN_COST`. */
export interface Allowance {
  /** Below 1 no further record begins. */
  left: number;
}

/** Without an end. */
const UNBOUNDED: Allowance = { left: Infinity };

/** What a {@linkcode RecordDecoder} finds, in order. The data of one record may come in any number of pieces. */
export interface RecordSink {
  /** The peer opened a stream. */
  open(id: number, credits: StartCredits): void;
  /** The next bytes of a stream, a view of what was pushed. */
  data(id: number, bytes: Uint8Array): void;
  /** The peer's direction has ended. */
  fin(id: number): void;
  /** The peer reset a stream. */
  reset(id: number, code: number, message: string): void;
}

const headerBytes: Record<number, number> = {
  [RecordType.open]: OPEN_RECORD_BYTES,
  [RecordType.data]: DATA_RECORD_HEADER_BYTES,
  [RecordType.fin]: FIN_RECORD_BYTES,
  [RecordType.reset]: RESET_RECORD_BYTES,
};

/**
 * Cuts the counted stream into records, wherever it was cut into frames and carriers.
 *
 * Its state belongs to the session: a record that began on one carrier may end on the next.
 *
 * @example
 * ```ts
 * import { RecordDecoder, writeFin } from "./records.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: unknown[] = [];
 * const decoder = new RecordDecoder({
 *   open: (id) => seen.push(["open", id]),
 *   data: (id, bytes) => seen.push(["data", id, ...bytes]),
 *   fin: (id) => seen.push(["fin", id]),
 *   reset: (id, code) => seen.push(["reset", id, code]),
 * });
 * const record = new Uint8Array(5);
 * writeFin(record, 0, 7);
 * decoder.push(record.subarray(0, 2));
 * decoder.push(record.subarray(2));
 * assertEquals(seen, [["fin", 7]]);
 * ```
 */
export class RecordDecoder {
  readonly #sink: RecordSink;
  readonly #header = new Uint8Array(OPEN_RECORD_BYTES + MAX_RECORD_EXTRA_BYTES);
  #filled = 0;
  #needed = 1;
  #dataId = 0;
  #dataLeft = 0;

  /** A decoder that tells `sink` what it finds. */
  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  /**
   * Takes the next bytes, as far as `allowance` goes.
   *
   * @returns How many it took.
   * @throws {TeleError} `protocol` if they are no record.
   */
  push(bytes: Uint8Array, allowance: Allowance = UNBOUNDED): number {
    let at = 0;
    while (at < bytes.length) {
      if (allowance.left < 1) return at;
      if (this.#dataLeft > 0) {
        const end = Math.min(bytes.length, at + this.#dataLeft);
        this.#dataLeft -= end - at;
        this.#sink.data(this.#dataId, bytes.subarray(at, end));
        at = end;
        continue;
      }
      const end = Math.min(bytes.length, at + this.#needed - this.#filled);
      while (at < end) this.#header[this.#filled++] = bytes[at++];
      if (this.#filled < this.#needed) continue;
      this.#advance();
      if (this.#filled === 0) allowance.left -= this.#header[0] === RecordType.open ? OPEN_COST : 1;
    }
    return at;
  }

  #advance(): void {
    const header = this.#header;
    const needed = headerBytes[header[0]];
    if (needed === undefined) throw new TeleError("protocol", `a record of type ${header[0]} is not known here`);
    if (this.#filled < needed) {
      this.#needed = needed;
      return;
    }
    const extra = this.#extraBytes();
    if (extra > MAX_RECORD_EXTRA_BYTES) throw new TeleError("protocol", "a record's extra part is too long");
    if (this.#filled < needed + extra) {
      this.#needed = needed + extra;
      return;
    }
    this.#filled = 0;
    this.#needed = 1;
    this.#emit(needed, extra);
  }

  #extraBytes(): number {
    const header = this.#header;
    if (header[0] === RecordType.open) return readU16(header, 13);
    if (header[0] === RecordType.reset) return readU16(header, 7);
    return 0;
  }

  #emit(needed: number, extra: number): void {
    const header = this.#header;
    const id = readU32(header, 1);
    switch (header[0]) {
      case RecordType.open:
        return this.#sink.open(id, { send: readU32(header, 5), receive: readU32(header, 9) });
      case RecordType.data:
        this.#dataId = id;
        this.#dataLeft = readU32(header, 5);
        return;
      case RecordType.fin:
        return this.#sink.fin(id);
      case RecordType.reset: {
        const message = new TextDecoder().decode(header.subarray(needed, needed + extra));
        return this.#sink.reset(id, readU16(header, 5), message);
      }
    }
  }
}
