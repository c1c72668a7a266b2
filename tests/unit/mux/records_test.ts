/** The records of the mux: every cut gives the same records, and nothing but records gets through. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  DATA_RECORD_HEADER_BYTES,
  FIN_RECORD_BYTES,
  MAX_RECORD_EXTRA_BYTES,
  OPEN_RECORD_BYTES,
  RecordType,
  RESET_RECORD_BYTES,
} from "../../../lib/mux/mux_constants.ts";
import {
  RecordDecoder,
  type RecordSink,
  writeDataHeader,
  writeFin,
  writeOpen,
  writeReset,
} from "../../../lib/mux/records.ts";
import { TeleError } from "../../../lib/net/error.ts";

/** A record as a test writes it. The data of neighbouring pieces of one stream is joined when records are compared. */
type Item =
  | { kind: "open"; id: number; send: number; receive: number }
  | { kind: "data"; id: number; bytes: number[] }
  | { kind: "fin"; id: number }
  | { kind: "reset"; id: number; code: number; message: string };

function encode(item: Item): Uint8Array {
  switch (item.kind) {
    case "open": {
      const bytes = new Uint8Array(OPEN_RECORD_BYTES);
      writeOpen(bytes, 0, item.id, item);
      return bytes;
    }
    case "data": {
      const bytes = new Uint8Array(DATA_RECORD_HEADER_BYTES + item.bytes.length);
      writeDataHeader(bytes, 0, item.id, item.bytes.length);
      bytes.set(item.bytes, DATA_RECORD_HEADER_BYTES);
      return bytes;
    }
    case "fin": {
      const bytes = new Uint8Array(FIN_RECORD_BYTES);
      writeFin(bytes, 0, item.id);
      return bytes;
    }
    case "reset": {
      const message = new TextEncoder().encode(item.message);
      const bytes = new Uint8Array(RESET_RECORD_BYTES + message.length);
      writeReset(bytes, 0, item.id, item.code, message);
      return bytes;
    }
  }
}

function concat(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Collects what a decoder finds. */
function collector(): { sink: RecordSink; items: Item[] } {
  const items: Item[] = [];
  const sink: RecordSink = {
    open: (id, { send, receive }) => void items.push({ kind: "open", id, send, receive }),
    data: (id, bytes) => void items.push({ kind: "data", id, bytes: [...bytes] }),
    fin: (id) => void items.push({ kind: "fin", id }),
    reset: (id, code, message) => void items.push({ kind: "reset", id, code, message }),
  };
  return { sink, items };
}

/** Neighbouring data of one stream as one item, without empty ones. */
function joined(items: Item[]): Item[] {
  const result: Item[] = [];
  for (const item of items) {
    const last = result.at(-1);
    if (item.kind === "data" && item.bytes.length === 0) continue;
    if (item.kind === "data" && last?.kind === "data" && last.id === item.id) {
      result[result.length - 1] = { ...last, bytes: [...last.bytes, ...item.bytes] };
    } else result.push(item);
  }
  return result;
}

function decode(pieces: Uint8Array[]): Item[] {
  const { sink, items } = collector();
  const decoder = new RecordDecoder(sink);
  for (const piece of pieces) decoder.push(piece);
  return joined(items);
}

/** Pushes and tells how it ended; anything but a `TeleError` of code `protocol` is thrown on. */
function outcome(bytes: Uint8Array): "taken" | "protocol" {
  try {
    decode([bytes]);
    return "taken";
  } catch (error) {
    if (error instanceof TeleError && error.code === "protocol") return "protocol";
    throw error;
  }
}

const SAMPLE: Item[] = [
  { kind: "open", id: 1, send: 262_144, receive: 4096 },
  { kind: "data", id: 1, bytes: [1, 2, 3, 4, 5] },
  { kind: "open", id: 0xffff_ffff, send: 0xffff_ffff, receive: 0 },
  { kind: "data", id: 0xffff_ffff, bytes: [] },
  { kind: "data", id: 0xffff_ffff, bytes: [2, 3, 4] },
  { kind: "reset", id: 0xffff_ffff, code: 0x0102, message: "no route to hóst ✗" },
  { kind: "reset", id: 7, code: 65_535, message: "" },
  { kind: "fin", id: 1 },
];

Deno.test("records have the bytes that the protocol says", () => {
  assertEquals(
    encode({ kind: "open", id: 0x01020304, send: 0x05060708, receive: 0x090a0b0c }),
    new Uint8Array([1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0]),
  );
  assertEquals(
    encode({ kind: "data", id: 0x01020304, bytes: [9, 8] }),
    new Uint8Array([2, 1, 2, 3, 4, 0, 0, 0, 2, 9, 8]),
  );
  assertEquals(encode({ kind: "fin", id: 0xfffefdfc }), new Uint8Array([3, 0xff, 0xfe, 0xfd, 0xfc]));
  assertEquals(
    encode({ kind: "reset", id: 5, code: 0x0102, message: "ab" }),
    new Uint8Array([4, 0, 0, 0, 5, 1, 2, 0, 2, 97, 98]),
  );
});

Deno.test("records cut at every byte position are the same records", () => {
  const wire = concat(SAMPLE.map(encode));
  const whole = joined(SAMPLE);
  assertEquals(decode([wire]), whole);
  for (let cut = 0; cut <= wire.length; cut++) {
    assertEquals(decode([wire.subarray(0, cut), wire.subarray(cut)]), whole, `cut at ${cut}`);
  }
  assertEquals(decode([...wire].map((byte) => new Uint8Array([byte]))), whole, "one byte at a time");
});

Deno.test("nothing is told of a record before it is whole, except data that came", () => {
  for (const item of SAMPLE) {
    const bytes = encode(item);
    for (let length = 0; length < bytes.length; length++) {
      const found = decode([bytes.subarray(0, length)]);
      if (item.kind !== "data") assertEquals(found, [], `${item.kind} after ${length} bytes`);
      else {assertEquals(
          found.flatMap((part) => part.kind === "data" ? part.bytes : []),
          item.bytes.slice(0, Math.max(0, length - 9)),
        );}
    }
  }
});

Deno.test("data is handed over as views of what was pushed, without a copy", () => {
  const views: Uint8Array[] = [];
  const { sink } = collector();
  const decoder = new RecordDecoder({ ...sink, data: (_id, bytes) => void views.push(bytes) });
  const wire = encode({ kind: "data", id: 3, bytes: [1, 2, 3, 4] });
  decoder.push(wire.subarray(0, 11));
  decoder.push(wire.subarray(11));
  assertEquals(views, [new Uint8Array([1, 2]), new Uint8Array([3, 4])]);
  assert(views.every((view) => view.buffer === wire.buffer));
});

Deno.test("extra fields of an open record, which a later version may add, are skipped", () => {
  for (const extra of [1, 255, 256, MAX_RECORD_EXTRA_BYTES]) {
    const open = new Uint8Array(OPEN_RECORD_BYTES + extra).fill(0xee);
    writeOpen(open, 0, 9, { send: 10, receive: 11 });
    open[13] = extra >>> 8;
    open[14] = extra;
    const wire = concat([open, encode({ kind: "fin", id: 9 })]);
    const expected: Item[] = [{ kind: "open", id: 9, send: 10, receive: 11 }, { kind: "fin", id: 9 }];
    assertEquals(decode([wire]), expected);
    assertEquals(decode([wire.subarray(0, 14), wire.subarray(14, 15), wire.subarray(15)]), expected);
  }
});

Deno.test("an extra part or a message beyond the limit is a protocol error before it is gathered", () => {
  const open = encode({ kind: "open", id: 1, send: 0, receive: 0 });
  const reset = encode({ kind: "reset", id: 1, code: 1, message: "" });
  for (const [record, at] of [[open, 13], [reset, 7]] as const) {
    for (const length of [MAX_RECORD_EXTRA_BYTES + 1, 0xffff]) {
      record[at] = length >>> 8;
      record[at + 1] = length;
      assertEquals(outcome(record), "protocol");
    }
  }
});

Deno.test("every type byte but the four is a protocol error", () => {
  const known: number[] = Object.values(RecordType);
  for (let type = 0; type < 256; type++) {
    assertEquals(outcome(new Uint8Array([type])), known.includes(type) ? "taken" : "protocol", `type ${type}`);
  }
  const error = assertThrows(() => decode([new Uint8Array([0x63, 1, 2])]), TeleError);
  assert(error.message.includes("99"), error.message);
});

Deno.test("a message that is no UTF-8 is taken, with the marks that stand for what is not", () => {
  const record = encode({ kind: "reset", id: 1, code: 1, message: "abc" });
  record[RESET_RECORD_BYTES + 1] = 0xff;
  assertEquals(decode([record]), [{ kind: "reset", id: 1, code: 1, message: "a\ufffdc" }]);
});

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const item: fc.Arbitrary<Item> = fc.oneof(
  fc.record({ kind: fc.constant("open" as const), id: uint32, send: uint32, receive: uint32 }),
  fc.record({
    kind: fc.constant("data" as const),
    id: uint32,
    bytes: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 40 }),
  }),
  fc.record({ kind: fc.constant("fin" as const), id: uint32 }),
  fc.record({
    kind: fc.constant("reset" as const),
    id: uint32,
    code: fc.integer({ min: 0, max: 0xffff }),
    message: fc.string({ maxLength: 30 }),
  }),
);

Deno.test("any records in any pieces come out as they went in", () => {
  fc.assert(fc.property(
    fc.array(item, { maxLength: 20 }),
    fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
    (items, sizes) => {
      const wire = concat(items.map(encode));
      const pieces: Uint8Array[] = [];
      for (let at = 0, turn = 0; at < wire.length; turn++) {
        const size = sizes[turn % sizes.length];
        pieces.push(wire.subarray(at, at + size));
        at += size;
      }
      assertEquals(decode(pieces), joined(items));
    },
  ));
});

Deno.test("any bytes are records or a protocol error, never another failure", () => {
  // Small numbers in front make headers likely, so that the fuzz gets beyond the first byte.
  const byte = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 255 }));
  fc.assert(fc.property(fc.array(byte, { maxLength: 200 }), (bytes) => void outcome(new Uint8Array(bytes))), {
    numRuns: 1000,
  });
});

Deno.test("records with one byte changed are records or a protocol error, however they are cut", () => {
  const wire = concat(SAMPLE.map(encode));
  for (let at = 0; at < wire.length; at++) {
    for (const value of [0, 1, 0x7f, 0xff]) {
      const changed = wire.slice();
      changed[at] = value;
      const whole = outcome(changed);
      const parts = (() => {
        const { sink } = collector();
        const decoder = new RecordDecoder(sink);
        try {
          for (const each of changed) decoder.push(new Uint8Array([each]));
          return "taken";
        } catch (error) {
          assert(error instanceof TeleError && error.code === "protocol", String(error));
          return "protocol";
        }
      })();
      assertEquals(parts, whole, `byte ${at} set to ${value}`);
    }
  }
});
