/** Data passes as it comes, other frames come whole, and each counted byte counts, wherever the carrier's bytes were cut. */
import { concat } from "@std/bytes/concat";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { readU32 } from "../../../../lib/net/bytes.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { FRAME_HEADER_BYTES, framed } from "../../../../lib/ping/codec.ts";
import { decodeOpen, decodeReset, decodeWindows, isCounted, isSkipped } from "../../../../lib/session/frames.ts";
import {
  type Allowance,
  CountedFrameError,
  SessionFrameReader,
  type SessionFrameSink,
} from "../../../../lib/session/carrier/frame_reader.ts";
import {
  DATA_HEADER_BYTES,
  FrameType,
  MAX_CONTROL_FRAME_BYTES,
  MAX_SESSION_FRAME_BYTES,
} from "../../../../lib/session/session_constants.ts";
import { Segment } from "../../../../lib/session/segment_pool.ts";
import { dataFrame, endFrame, openFrame, resetFrame, windowsFrame } from "../../../support/frames.ts";
import { viewOf } from "../../../support/random.ts";

const SEED = 1971;
const ACKNOWLEDGE = FrameType.acknowledge;

/** What a reader found. The data of neighbouring pieces is joined. */
type Item =
  | { data: number[]; id: number; offset: number }
  | { end: number; id: number }
  | { counted: number[] }
  | { control: number[] };

/** A reader whose frames are collected; `changes` to the sink come last. */
function setUp(allowance?: Allowance, costOf?: (type: number) => number) {
  const items: Item[] = [];
  const sink: SessionFrameSink = {
    data: (id, offset, bytes) => {
      const last = items.at(-1);
      const continues = last !== undefined && "data" in last && last.id === id &&
        last.offset + last.data.length === offset;
      if (continues) last.data.push(...bytes);
      else items.push({ data: [...bytes], id, offset });
    },
    end: (id, offset) => void items.push({ end: offset, id }),
    counted: (payload) => void items.push({ counted: [...payload] }),
    control: (payload) => void items.push({ control: [...payload] }),
  };
  return { items, sink, reader: new SessionFrameReader(sink, allowance, costOf) };
}

/** What is found in these pieces. */
function read(pieces: Iterable<Uint8Array>): { items: Item[]; counted: number } {
  const { items, reader } = setUp();
  for (const piece of pieces) assertEquals(reader.push(piece), piece.length);
  return { items, counted: reader.countedBytes };
}

/** `bytes` in pieces of `size`. */
function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function frame(...payload: number[]): Uint8Array {
  return framed(new Uint8Array(payload));
}

/** Counted bytes of `frames` of which the first `length` bytes came: a prefix counts with the type behind it. */
function countedIn(frames: Uint8Array[], length: number): number {
  let counted = 0;
  let at = 0;
  for (const each of frames) {
    const came = Math.max(0, Math.min(each.length, length - at));
    if (came > FRAME_HEADER_BYTES && isCounted(each[FRAME_HEADER_BYTES])) counted += came;
    at += each.length;
  }
  return counted;
}

/** Frames of all kinds, and what is found in them. */
const FRAMES = [
  openFrame(1, { send: 262_144, receive: 4096 }),
  dataFrame(1, 0, new Uint8Array([1, 2, 3, 4, 5])),
  frame(),
  frame(ACKNOWLEDGE, 1, 2),
  endFrame(0xffff_ffff, 2 ** 53 - 3, new Uint8Array([2, 3])),
  dataFrame(3, 70, new Uint8Array(0)),
  frame(0x41, 9, 9, 9),
  windowsFrame([1, 2], [3, 4]),
  frame(0x7f, 9, 9),
  resetFrame(7, 8, 65_535, "no route to hóst ✗"),
  frame(ACKNOWLEDGE),
  endFrame(1, 5),
  frame(FrameType.goodbye, 0, 1),
];

const FOUND: Item[] = [
  { counted: [...FRAMES[0].subarray(4)] },
  { data: [1, 2, 3, 4, 5], id: 1, offset: 0 },
  { control: [ACKNOWLEDGE, 1, 2] },
  { data: [2, 3], id: 0xffff_ffff, offset: 2 ** 53 - 3 },
  { end: 2 ** 53 - 1, id: 0xffff_ffff },
  { data: [], id: 3, offset: 70 },
  { counted: [...FRAMES[7].subarray(4)] },
  { counted: [...FRAMES[9].subarray(4)] },
  { control: [ACKNOWLEDGE] },
  { end: 5, id: 1 },
  { control: [FrameType.goodbye, 0, 1] },
];

Deno.test("frames are found in order, however their bytes are cut, and each counted byte counts once", () => {
  const bytes = concat(FRAMES);
  const expected = { items: FOUND, counted: countedIn(FRAMES, bytes.length) };
  for (let size = 1; size <= bytes.length; size++) assertEquals(read(cut(bytes, size)), expected, `pieces of ${size}`);
});

Deno.test("frames cut at every byte position are the same frames, and bytes in front of the cut count at once", () => {
  const bytes = concat(FRAMES);
  for (let at = 0; at <= bytes.length; at++) {
    const { items, reader } = setUp();
    reader.push(bytes.subarray(0, at));
    assertEquals(reader.countedBytes, countedIn(FRAMES, at), `cut at ${at}`);
    reader.push(bytes.subarray(at));
    assertEquals(items, FOUND, `cut at ${at}`);
  }
});

Deno.test("a length counts only when the type behind it has come, since that says whether it counts at all", () => {
  for (const [type, counted] of [[FrameType.windows, 5], [0x60, 5], [ACKNOWLEDGE, 0], [0x40, 0]] as const) {
    const { reader } = setUp();
    reader.push(frame(type, 0, 0, 0).subarray(0, 4));
    assertEquals(reader.countedBytes, 0);
    reader.push(new Uint8Array([type]));
    assertEquals(reader.countedBytes, counted, `type ${type}`);
  }
});

Deno.test("nothing is told of a frame before it is whole, except data that came", () => {
  for (const each of FRAMES) {
    const isData = each[4] === FrameType.data || each[4] === FrameType.end;
    for (let length = 0; length < each.length; length++) {
      const { items } = read([each.subarray(0, length)]);
      const data = items.flatMap((item) => "data" in item ? item.data : [NaN]);
      assertEquals(data, isData ? [...each.subarray(DATA_HEADER_BYTES, length)] : [], `${each[4]}, ${length} bytes`);
    }
  }
});

Deno.test("the offset of data that comes in pieces is that of each piece", () => {
  const seen: number[][] = [];
  const reader = new SessionFrameReader({
    ...setUp().sink,
    data: (_id, offset, bytes) => void seen.push([offset, ...bytes]),
  });
  const bytes = dataFrame(1, 1000, new Uint8Array([1, 2, 3, 4]));
  for (const piece of [bytes.subarray(0, 18), bytes.subarray(18, 20), bytes.subarray(20)]) reader.push(piece);
  assertEquals(seen, [[1000, 1], [1001, 2, 3], [1003, 4]]);
});

Deno.test("the segment that bytes lie in is told with their data, also where there is none", () => {
  const told: Segment[] = [];
  const reader = new SessionFrameReader({
    ...setUp().sink,
    data: (_id, _at, _bytes, segment) => void told.push(segment),
  });
  const [first, second, third] = [1, 2, 3].map(() => new Segment(new Uint8Array(64)));
  const bytes = dataFrame(1, 0, new Uint8Array([1, 2]));
  reader.push(bytes.subarray(0, 18), first);
  reader.push(bytes.subarray(18), second);
  reader.push(dataFrame(1, 2, new Uint8Array(0)), third);
  assertEquals(told.map((segment) => [first, second, third].indexOf(segment)), [0, 1, 2]);
});

Deno.test("an offset of 2^53 or more is beyond every window, for the layer above to say so", () => {
  for (const first of [[0, 0x20], [0xff, 0xff]]) {
    for (const type of [FrameType.data, FrameType.end]) {
      const offsets: number[] = [];
      const reader = new SessionFrameReader({
        data: (_id, offset) => void offsets.push(offset),
        end: (_id, offset) => void offsets.push(offset),
        counted: () => {},
        control: () => {},
      });
      reader.push(frame(type, 0, 0, 0, 1, ...first, 0, 0, 0, 0, 0, 0, 7));
      assert(offsets.length > 0 && offsets.every((offset) => offset >= Number.MAX_SAFE_INTEGER));
    }
  }
});

Deno.test("data is handed over as views of what was pushed, without a copy", () => {
  const views: Uint8Array[] = [];
  const reader = new SessionFrameReader({ ...setUp().sink, data: (_id, _offset, bytes) => void views.push(bytes) });
  const bytes = dataFrame(3, 0, new Uint8Array([1, 2, 3, 4]));
  reader.push(bytes.subarray(0, DATA_HEADER_BYTES + 2));
  reader.push(bytes.subarray(DATA_HEADER_BYTES + 2));
  assertEquals(views, [new Uint8Array([1, 2]), new Uint8Array([3, 4])]);
  assert(views.every((view) => view.buffer === bytes.buffer));
});

Deno.test("a frame of data without data is told: its stream may be none", () => {
  const told = { items: [{ data: [], id: 1, offset: 5 }], counted: DATA_HEADER_BYTES };
  const frame = dataFrame(1, 5, new Uint8Array(0));
  for (let size = 1; size <= frame.length; size++) assertEquals(read(cut(frame, size)), told, `pieces of ${size}`);
});

Deno.test("an offset that no honest end reaches is handed over: it is no reason to end the carrier only", () => {
  const frame = dataFrame(1, 2 ** 53 - 1, new Uint8Array(1));
  frame.fill(0xff, 9, 17);
  const [item] = read([frame]).items;
  assert("data" in item && item.offset >= 2 ** 53);
});

Deno.test("data that the sink throws over is not counted, and nothing of it comes again", () => {
  const { sink } = setUp();
  let throws = true;
  const seen: number[] = [];
  const reader = new SessionFrameReader({
    ...sink,
    data: (_id, _offset, bytes) => {
      if (throws) throw new Error("of the sink");
      seen.push(...bytes);
    },
  });
  const bytes = dataFrame(1, 0, new Uint8Array([1, 2, 3]));
  assertThrows(() => reader.push(bytes.subarray(0, 19)), Error, "of the sink");
  assertEquals(reader.countedBytes, DATA_HEADER_BYTES);
  throws = false;
  reader.push(bytes.subarray(19));
  assertEquals(seen, [3]);
});

Deno.test("a whole frame that the sink throws over does not count with its last piece, and what counts brought nothing", () => {
  const whole = openFrame(1, { send: 1, receive: 1 });
  for (const [pieces, counted] of [[[whole], 4], [[whole.subarray(0, 9), whole.subarray(9)], 9]] as const) {
    const reader = new SessionFrameReader({
      ...setUp().sink,
      counted: () => {
        throw new Error("of the sink");
      },
    });
    assertThrows(() => pieces.forEach((piece) => reader.push(piece)), Error, "of the sink");
    assertEquals([reader.countedBytes, reader.wastedBytes], [counted, counted]);
  }
});

Deno.test("the largest control frame is taken, one byte more is an error, also when it comes in pieces", () => {
  for (const type of [FrameType.goodbye, FrameType.windows]) {
    const largest = framed(new Uint8Array(MAX_CONTROL_FRAME_BYTES).fill(type));
    const tooLarge = framed(new Uint8Array(MAX_CONTROL_FRAME_BYTES + 1).fill(type));
    for (const size of [1_000, tooLarge.length]) {
      const { items, reader } = setUp();
      reader.push(largest);
      assertEquals(items.length, 1);
      const error = assertThrows(() => {
        for (const piece of cut(tooLarge, size)) reader.push(piece);
      }, TeleError);
      assertEquals([error.code, error.message, items.length], ["protocol", `a frame of type ${type} is too large`, 1]);
      assertEquals(error instanceof CountedFrameError, isCounted(type), "only what is counted would come again");
    }
  }
});

Deno.test("a frame that means nothing yet is skipped, of any size that a frame may have", () => {
  for (const [type, isCountedType] of [[0x40, false], [0x7f, true]] as const) {
    const skipped = framed(new Uint8Array(MAX_SESSION_FRAME_BYTES).fill(type));
    const { items, counted } = read(cut(concat([skipped, frame(ACKNOWLEDGE, 7)]), 100_000));
    assertEquals(items, [{ control: [ACKNOWLEDGE, 7] }]);
    assertEquals(counted, isCountedType ? skipped.length : 0);
  }
});

Deno.test("a control frame that follows one in pieces has only its own bytes", () => {
  const { items, reader } = setUp();
  reader.push(frame(ACKNOWLEDGE, 1, 2).subarray(0, 5));
  reader.push(concat([frame(ACKNOWLEDGE, 1, 2).subarray(5), frame(ACKNOWLEDGE, 3)]));
  assertEquals(items, [{ control: [ACKNOWLEDGE, 1, 2] }, { control: [ACKNOWLEDGE, 3] }]);
});

Deno.test("a frame above the limit is refused from its length", () => {
  const { reader } = setUp();
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, MAX_SESSION_FRAME_BYTES + 1);
  const error = assertThrows(() => reader.push(header), TeleError);
  assertEquals([error.code, error instanceof CountedFrameError], ["protocol", false]);
});

Deno.test("data that is too short for its header is an error, as soon as its type has come", () => {
  for (const type of [FrameType.data, FrameType.end]) {
    const short = frame(type, ...Array<number>(11).fill(0));
    assertThrows(() => setUp().reader.push(short.subarray(0, 5)), CountedFrameError, "too short");
  }
});

Deno.test("whatever frames are, pings and those that do not count included, a turn takes no more than its allowance", () => {
  const probe = framed(new Uint8Array([FrameType.probe, 1, 0, 0, 4, 0, 0, 1, 0, 0, 0, 0]));
  const skipped = framed(new Uint8Array([0x40, 7]));
  for (const frame of [probe, framed(new Uint8Array(0)), skipped, dataFrame(1, 0, new Uint8Array(0))]) {
    const allowance = { left: 10 };
    const { reader } = setUp(allowance);
    assertEquals([reader.push(concat(Array(50).fill(frame))), allowance.left], [10 * frame.length, 0]);
  }
});

Deno.test("an allowance stops it behind the frame that used it up, and what is left is taken when there is more", () => {
  const allowance = { left: 4 };
  const { items, reader } = setUp(allowance, (type) => type === FrameType.open ? 2 : 1);
  const bytes = concat([openFrame(1, { send: 1, receive: 1 }), frame(ACKNOWLEDGE), endFrame(1, 0), frame(ACKNOWLEDGE)]);
  const taken = reader.push(bytes);
  assertEquals([taken, allowance.left, items.length], [20 + 5 + 17, 0, 3]);
  assertEquals(reader.push(bytes.subarray(taken)), 0);
  allowance.left = 1;
  assertEquals(reader.push(bytes.subarray(taken)), 5);
  assertEquals([items.length, reader.countedBytes, allowance.left], [4, 37, 0]);
});

/** What a peer's bytes come to: frames are read as the session does it. Any other throw is thrown on. */
function outcome(pieces: Iterable<Uint8Array>): string {
  const { sink } = setUp();
  const reader = new SessionFrameReader({
    ...sink,
    counted: (payload) => {
      if (payload[0] === FrameType.open) decodeOpen(payload);
      if (payload[0] === FrameType.reset) decodeReset(payload);
      if (payload[0] === FrameType.windows) decodeWindows(payload, () => {});
    },
  });
  try {
    for (const piece of pieces) reader.push(piece);
    return "taken";
  } catch (error) {
    if (error instanceof TeleError && error.code === "protocol") return "protocol";
    throw error;
  }
}

const byte = fc.integer({ min: 0, max: 255 });
const bytesUpTo = (maxLength: number) => fc.array(byte, { maxLength }).map((bytes) => new Uint8Array(bytes));
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const offset = fc.integer({ min: 0, max: 2 ** 53 - 100 });

/** A frame, and what is found in it. */
const anyFrame: fc.Arbitrary<{ frame: Uint8Array; found: Item[] }> = fc.oneof(
  fc.tuple(uint32, offset, bytesUpTo(40)).map(([id, at, bytes]) => ({
    frame: dataFrame(id, at, bytes),
    found: [{ data: [...bytes], id, offset: at }],
  })),
  fc.tuple(uint32, offset, bytesUpTo(40)).map(([id, at, bytes]) => ({
    frame: endFrame(id, at, bytes),
    found: [
      ...(bytes.length === 0 ? [] : [{ data: [...bytes], id, offset: at }]),
      { end: at + bytes.length, id },
    ],
  })),
  fc.tuple(fc.integer({ min: 1, max: 255 }), bytesUpTo(60))
    .filter(([type]) => type !== FrameType.data && type !== FrameType.end)
    .map(([type, bytes]) => {
      const payload = [type, ...bytes];
      const found = isCounted(type) ? { counted: payload } : { control: payload };
      return { frame: frame(...payload), found: isSkipped(type) ? [] : [found] };
    }),
  fc.constant<{ frame: Uint8Array; found: Item[] }>({ frame: frame(), found: [] }),
);

/** Neighbouring data that goes on is joined, as the collector does. */
function joined(items: Item[]): Item[] {
  const { items: result, sink } = setUp();
  for (const item of items) {
    if ("data" in item) {
      const bytes = new Uint8Array(item.data);
      sink.data(item.id, item.offset, bytes, new Segment(bytes));
    } else result.push(item);
  }
  return result;
}

Deno.test("any frames in any pieces come out as they went in (fuzz)", () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
      (frames, sizes) => {
        const bytes = concat(frames.map((each) => each.frame));
        const { items, reader } = setUp();
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length];
          reader.push(bytes.subarray(at, at + size));
          at = Math.min(bytes.length, at + size);
          assertEquals(reader.countedBytes, countedIn(frames.map((each) => each.frame), at));
        }
        assertEquals(items, joined(frames.flatMap(({ found }) => found)));
      },
    ),
    { seed: SEED },
  );
});

Deno.test("any bytes are frames or a protocol error, never another failure (fuzz)", () => {
  // Small numbers in front make lengths likely, so that the fuzz gets beyond the first frame.
  const likely = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0x28 }), byte);
  fc.assert(fc.property(fc.array(likely, { maxLength: 200 }), (bytes) => void outcome([new Uint8Array(bytes)])), {
    numRuns: 1000,
    seed: SEED,
  });
});

Deno.test("frames with one byte changed are frames or a protocol error, however they are cut", () => {
  const bytes = concat(FRAMES);
  for (let at = 0; at < bytes.length; at++) {
    for (const value of [0, 1, 0x7f, 0xff]) {
      const changed = bytes.slice();
      changed[at] = value;
      assertEquals(outcome(cut(changed, 1)), outcome([changed]), `byte ${at} set to ${value}`);
    }
  }
});

Deno.test("what is pushed is left as it was", () => {
  const bytes = concat(FRAMES);
  const before = bytes.slice();
  read(cut(bytes, 7));
  assert(viewOf(bytes).equals(before));
  assertEquals(readU32(bytes, 0), 16);
});
