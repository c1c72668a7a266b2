/**
 * The mux's records and hints.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { readU32 } from "../../lib/net/bytes.ts";
import { Mux } from "../../lib/mux/mux.ts";
import { RecordDecoder } from "../../lib/mux/records.ts";
import { MAX_RECORD_EXTRA_BYTES } from "../../lib/mux/mux_constants.ts";
import { SegmentPool } from "../../lib/session/segment_pool.ts";
import { duplexPair } from "../../lib/net/pipe.ts";
import { SimClock } from "../sim/clock.ts";
import type { Choices } from "./choices.ts";
import * as frames from "./frames.ts";
import { Journal } from "./journal.ts";
import { mangled, pieces } from "./mangle.ts";
import { check, hex, type Target, teleErrorOf } from "./target.ts";

function recordWire(choices: Choices): Uint8Array {
  if (choices.chance(0.1)) return choices.bytes(choices.upTo(400));
  const wire = concat(Array.from({ length: choices.upTo(20) }, () => frames.anyRecord(choices)));
  return choices.chance(0.6) ? mangled(choices, wire) : wire;
}

/** What is due, read from the whole stream at once. */
function referenceRecords(wire: Uint8Array): { journal: Journal; isBad: boolean } {
  const journal = new Journal();
  const has = (end: number) => end <= wire.length;
  const u16 = (at: number) => wire[at]! << 8 | wire[at + 1]!;
  for (let at = 0; at < wire.length;) {
    const type = wire[at]!;
    const isBad = type < 1 || type > 4;
    const header = [0, 15, 9, 5, 9][type]!;
    if (isBad || !has(at + header)) return { journal, isBad };
    const id = readU32(wire, at + 1);
    const extra = type === 1 ? u16(at + 13) : type === 4 ? u16(at + 7) : 0;
    if (extra > MAX_RECORD_EXTRA_BYTES) return { journal, isBad: true };
    if (!has(at + header + extra)) return { journal, isBad: false };
    if (type === 1) journal.mark("open", id, readU32(wire, at + 5), readU32(wire, at + 9));
    if (type === 3) journal.mark("fin", id);
    if (type === 4) {
      journal.mark("reset", id, u16(at + 5));
      const text = new TextDecoder().decode(wire.subarray(at + header, at + header + extra));
      journal.data(new TextEncoder().encode(text));
    }
    at += header + extra;
    if (type !== 2) continue;
    const length = readU32(wire, at - 4);
    // Data is not told apart by records here, but by stream.
    if (length > 0 && at < wire.length) journal.mark("data", id);
    journal.data(wire.subarray(at, at + length));
    at += length;
  }
  return { journal, isBad: false };
}

/** {@linkcode RecordDecoder}. */
export const records: Target = {
  name: "records",
  about: "RecordDecoder: records, mangled records and noise, in any pieces",
  quickStreams: 3000,
  run(choices, trace) {
    const wire = recordWire(choices);
    const cut = pieces(choices, wire);
    trace(() => `${hex(wire)} in ${cut.length} pieces`);
    const due = referenceRecords(wire);
    for (const variant of [cut, [wire]]) {
      const journal = new Journal();
      let dataLeft: { id: number; bytes: number } | undefined;
      // The decoder does not say where a data record begins; its length is known from the reference's marks.
      const lengths = dataLengths(wire);
      const decoder = new RecordDecoder({
        open: (id, { send, receive }) => journal.mark("open", id, send, receive),
        data: (id, bytes) => {
          check(bytes.length > 0, () => "empty data was handed over");
          if (dataLeft === undefined) {
            dataLeft = { id, bytes: lengths.shift()! };
            journal.mark("data", id);
          }
          check(id === dataLeft.id, () => `data of stream ${id} inside a record of stream ${dataLeft!.id}`);
          journal.data(bytes);
          dataLeft.bytes -= bytes.length;
          check(dataLeft.bytes >= 0, () => "data beyond the record's length");
          if (dataLeft.bytes === 0) dataLeft = undefined;
        },
        fin: (id) => journal.mark("fin", id),
        reset: (id, code, message) => {
          journal.mark("reset", id, code);
          journal.data(new TextEncoder().encode(message));
        },
      });
      const error = teleErrorOf(["protocol"], () => variant.forEach((piece) => decoder.push(piece)));
      due.journal.assertSame(journal, `records out of ${variant.length} pieces`);
      check((error !== undefined) === due.isBad, () => `it failed: ${error}, which was due: ${due.isBad}`);
    }
  },
};

/** The lengths of the data records of `wire` that have data, as far as it can be read. */
function dataLengths(wire: Uint8Array): number[] {
  const lengths = [];
  for (let at = 0; at + 5 <= wire.length;) {
    const type = wire[at]!;
    if (type === 1 && at + 15 <= wire.length) at += 15 + (wire[at + 13]! << 8 | wire[at + 14]!);
    else if (type === 4 && at + 9 <= wire.length) at += 9 + (wire[at + 7]! << 8 | wire[at + 8]!);
    else if (type === 3) at += 5;
    else if (type === 2 && at + 9 <= wire.length) {
      const length = readU32(wire, at + 5);
      if (length > 0) lengths.push(length);
      at += 9 + length;
    } else break;
  }
  return lengths;
}

/** Hints, as a mux with a few streams reads them. */
export const hints: Target = {
  name: "hints",
  about: "Mux.receiveHint: window values for streams that are open and that are not, mangled ones and noise",
  quickStreams: 3000,
  run(choices, trace) {
    const mux = new Mux({
      clock: new SimClock(),
      pool: new SegmentPool({ plenty: 1 }),
      maxStreams: 4,
      open: { count: 0 },
    });
    for (let left = choices.between(0, 3); left > 0; left--) mux.open(duplexPair()[0]);
    const windows = Array.from({ length: choices.upTo(20) }, () => {
      const id = choices.chance(0.3) ? choices.next32() : choices.between(0, 5);
      return [id, frames.count(choices)] as [number, number];
    });
    const right = frames.hintPayload(windows).subarray(1);
    const hint = choices.chance(0.5) ? mangled(choices, right) : right;
    trace(() => hex(hint));
    const error = teleErrorOf(["protocol"], () => mux.receiveHint(hint));
    const isWhole = hint.length > 0 && hint.length % 12 === 0;
    const hasHuge = isWhole && Array.from({ length: hint.length / 12 }, (_, index) => readU32(hint, index * 12 + 4))
      .some((high) => high >= 2 ** 21);
    // A huge value of a stream that is not open is not looked at.
    check(error === undefined || !isWhole || hasHuge, () => `a right hint is refused: ${error}`);
    check(error !== undefined || isWhole, () => "a hint that is not made of whole window values was taken");
  },
};
