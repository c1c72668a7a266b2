/** Counted frames as bytes: those that the protocol says, and nothing else is read as one. */
import { assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { TeleError } from "../../../lib/net/error.ts";
import { FRAME_HEADER_BYTES } from "../../../lib/ping/codec.ts";
import {
  decodeDrain,
  decodeLane,
  decodeOpen,
  decodeReceipt,
  decodeReset,
  decodeWant,
  decodeWindows,
  DESTINATION,
  isCounted,
  isSkipped,
  NAMED_SERVICE,
  openFrameBytes,
  writeDataHeader,
  writeWant,
} from "../../../lib/session/frames.ts";
import {
  DATA_HEADER_BYTES,
  FrameType,
  MAX_EXTRA_BYTES,
  WANT_FRAME_BYTES,
} from "../../../lib/session/session_constants.ts";
import { dataFrame, drainFrame, endFrame, openFrame, resetFrame, windowsFrame } from "../../support/frames.ts";

/** What stands behind the length. */
function payloadOf(frame: Uint8Array): Uint8Array {
  return frame.subarray(FRAME_HEADER_BYTES);
}

/** Every payload but those of the right length is refused. */
function assertOnlyWhole(payload: Uint8Array, decode: (payload: Uint8Array) => unknown): void {
  decode(payload);
  for (let length = 1; length < payload.length; length++) {
    const error = assertThrows(() => decode(payload.subarray(0, length)), TeleError, undefined, `${length} bytes`);
    assertEquals(error.code, "protocol");
  }
  assertEquals(assertThrows(() => decode(concat([payload, new Uint8Array(1)])), TeleError).code, "protocol");
}

/** An open of stream 9 with this list of fields behind it. */
function openWith(...fields: number[]): Uint8Array {
  const open = payloadOf(openFrame(9, { send: 10, receive: 11 }));
  return concat([open.subarray(0, open.length - 1), new Uint8Array(fields)]);
}

/** A list with one unknown field of `bytes` bytes. */
function unknownField(bytes: number): number[] {
  return [1, 0xff, 0xff, bytes >>> 8, bytes & 0xff, ...Array<number>(bytes).fill(0xee)];
}

Deno.test("frames have the bytes that the protocol says", () => {
  assertEquals(
    openFrame(0x01020304, { send: 0x05060708, receive: 0x090a0b0c }),
    new Uint8Array([0, 0, 0, 16, 0x20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0, 0]),
  );
  const place = [1, 2, 3, 4, 0, 0x1f, 6, 7, 8, 9, 10, 11];
  const offset = 0x001f_0607_0809_0a0b;
  assertEquals(
    dataFrame(0x01020304, offset, new Uint8Array([9, 8])),
    new Uint8Array([0, 0, 0, 15, 0x21, ...place, 9, 8]),
  );
  assertEquals(endFrame(0x01020304, offset), new Uint8Array([0, 0, 0, 13, 0x23, ...place]));
  assertEquals(
    resetFrame(5, 0x0102, 0x0304, "ab"),
    new Uint8Array([0, 0, 0, 19, 0x24, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 2, 97, 98]),
  );
  assertEquals(
    windowsFrame([5, 0x1_0000_0002], [6, 3]),
    new Uint8Array([0, 0, 0, 25, 0x25, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 3]),
  );
});

Deno.test("what is written is read: an open, a reset, window values", () => {
  assertEquals(decodeOpen(payloadOf(openFrame(0xffff_ffff, { send: 0xffff_ffff, receive: 0 }))), {
    id: 0xffff_ffff,
    credits: { send: 0xffff_ffff, receive: 0 },
    service: 0,
  });
  const reset = { id: 7, offset: 2 ** 53 - 1, code: 65_535, message: "no route to hóst ✗" };
  assertEquals(decodeReset(payloadOf(resetFrame(reset.id, reset.offset, reset.code, reset.message))), reset);
  const values: [number, number][] = [[1, 0], [0xffff_ffff, 2 ** 53 - 1], [1, 5]];
  const read: [number, number][] = [];
  decodeWindows(payloadOf(windowsFrame(...values)), (id, limit) => void read.push([id, limit]));
  assertEquals(read, values);
});

Deno.test("a frame that is written where another was leaves nothing of that", () => {
  const memory = new Uint8Array(DATA_HEADER_BYTES).fill(0xee);
  writeDataHeader(memory, 0, { id: 1, offset: 2, length: 3, isEnd: false });
  assertEquals(memory, dataFrame(1, 2, new Uint8Array(3)).subarray(0, DATA_HEADER_BYTES));
});

Deno.test("opens, resets and window values of another length are errors", () => {
  assertOnlyWhole(payloadOf(openFrame(1, { send: 2, receive: 3 })), decodeOpen);
  assertOnlyWhole(payloadOf(resetFrame(1, 2, 3, "")), decodeReset);
  assertOnlyWhole(payloadOf(resetFrame(1, 2, 3, "why")), decodeReset);
  assertOnlyWhole(payloadOf(windowsFrame([1, 2])), (payload) => decodeWindows(payload, () => {}));
  assertThrows(() => decodeWindows(new Uint8Array([FrameType.windows]), () => {}), TeleError, "not made of");
});

Deno.test("a receipt, a lane and a want are read, and have one length", () => {
  const receipt = new Uint8Array([FrameType.receipt, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 3, 4]);
  const lane = new Uint8Array([FrameType.lane, 0, 0, 0, 5, 1]);
  assertEquals(decodeReceipt(receipt), { number: 258, taken: 772 });
  assertEquals(decodeLane(lane), { number: 5, lane: "bulk" });
  assertThrows(() => decodeLane(new Uint8Array([FrameType.lane, 0, 0, 0, 5, 2])), TeleError, "lane 2");
  assertOnlyWhole(receipt, decodeReceipt);
  assertOnlyWhole(lane, decodeLane);
  const want = new Uint8Array(WANT_FRAME_BYTES);
  writeWant(want, 0, { rise: 0x01020304, count: 5 });
  assertEquals(payloadOf(want), new Uint8Array([FrameType.want, 1, 2, 3, 4, 5]));
  assertEquals(decodeWant(payloadOf(want)), { rise: 0x01020304, count: 5 });
  assertOnlyWhole(payloadOf(want), decodeWant);
});

Deno.test("the service that an open asks for is told, whichever it is", () => {
  const open = payloadOf(openFrame(1, { send: 2, receive: 3 }));
  open.set([0x01, 0x02], 13);
  assertEquals(decodeOpen(open).service, 0x0102);
});

Deno.test("the name of a service stands in the fields of an open, and its number says so", () => {
  const credits = { send: 2, receive: 3 };
  const frame = openFrame(1, credits, "db-1");
  const named = [0, 1, 1, 0, 13, 0, 4, ...new TextEncoder().encode("db-1")];
  assertEquals(frame, new Uint8Array([0, 0, 0, 24, 0x20, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, ...named]));
  assertEquals(frame.length, openFrameBytes({ name: "db-1" }));
  assertEquals(decodeOpen(payloadOf(frame)), { id: 1, credits, service: NAMED_SERVICE, name: "db-1" });
});

Deno.test("the addresses of a user stand in the fields of an open, alone or behind a name", () => {
  const credits = { send: 2, receive: 3 };
  const user = new Uint8Array([192, 0, 2, 1, 192, 0, 2, 2, 0xc3, 0x50, 0, 22]);
  const alone = openFrame(1, credits, undefined, user);
  assertEquals(alone.subarray(17), new Uint8Array([0, 0, 1, 0, 17, 0, 12, ...user]));
  assertEquals(alone.length, openFrameBytes({ user }));
  const payload = payloadOf(alone).slice();
  const decoded = decodeOpen(payload);
  assertEquals(decoded, { id: 1, credits, service: 0, user });
  // The memory of the frame is read into again.
  payload.fill(0);
  assertEquals(decoded.user, user);
  const named = openFrame(1, credits, "db", user);
  assertEquals(named.length, openFrameBytes({ name: "db", user }));
  assertEquals(decodeOpen(payloadOf(named)), { id: 1, credits, service: NAMED_SERVICE, name: "db", user });
});

Deno.test("a number without the name, and a name without the number, are errors: nobody must take one for another", () => {
  const [plain, named] = [openFrame(1, { send: 2, receive: 3 }), openFrame(1, { send: 2, receive: 3 }, "db")];
  plain[18] = NAMED_SERVICE;
  assertThrows(() => decodeOpen(payloadOf(plain)), TeleError, "an open of service 1 has no name");
  for (const service of [0, DESTINATION, 3]) {
    named[18] = service;
    const error = assertThrows(
      () => decodeOpen(payloadOf(named)),
      TeleError,
      `an open of service ${service} has another's name`,
    );
    assertEquals(error.code, "protocol");
  }
});

Deno.test("a destination stands in the place of a name, under a number of its own", () => {
  const open = payloadOf(openFrame(1, { send: 2, receive: 3 }, "[2001:db8::1]:443"));
  const credits = { send: 2, receive: 3 };
  assertEquals(decodeOpen(open), { id: 1, credits, service: DESTINATION, name: "[2001:db8::1]:443" });
  open[14] = NAMED_SERVICE;
  assertThrows(() => decodeOpen(open), TeleError, "an open of service 1 has another's name");
  const without = payloadOf(openFrame(1, credits));
  without[14] = DESTINATION;
  assertThrows(() => decodeOpen(without), TeleError, "an open of service 2 has no name");
});

Deno.test("fields of an open, which a later version may add, are skipped up to the limit", () => {
  for (const bytes of [0, 1, 255, 256, MAX_EXTRA_BYTES - 5]) {
    assertEquals(decodeOpen(openWith(...unknownField(bytes))), {
      id: 9,
      credits: { send: 10, receive: 11 },
      service: 0,
    });
  }
  assertThrows(() => decodeOpen(openWith(...unknownField(MAX_EXTRA_BYTES - 4))), TeleError, "is none");
});

Deno.test("an open has one encoding: a list out of order, with bytes behind it, or cut short is an error", () => {
  for (const fields of [[0, 0], [1], [2, 0, 200, 0, 0, 0, 200, 0, 0], [1, 0, 200, 0, 1], [1, 0, 4, 0, 0]]) {
    const error = assertThrows(() => decodeOpen(openWith(...fields)), TeleError, undefined, fields.join());
    assertEquals(error.code, "protocol");
  }
});

Deno.test("a message beyond the limit is an error, also where the frame has it whole", () => {
  assertEquals(
    decodeReset(payloadOf(resetFrame(1, 2, 3, "x".repeat(MAX_EXTRA_BYTES)))).message.length,
    MAX_EXTRA_BYTES,
  );
  const error = assertThrows(() => decodeReset(payloadOf(resetFrame(1, 2, 3, "x".repeat(MAX_EXTRA_BYTES + 1)))));
  assertEquals((error as TeleError).code, "protocol");
});

Deno.test("a message that is no UTF-8 is taken, with the marks that stand for what is not", () => {
  const reset = payloadOf(resetFrame(1, 2, 3, "abc"));
  reset[reset.length - 2] = 0xff;
  assertEquals(decodeReset(reset).message, "a\ufffdc");
});

Deno.test("an offset of 2^53 or more is an error, since no honest count reaches it", () => {
  const [reset, windows] = [payloadOf(resetFrame(1, 0, 3, "")), payloadOf(windowsFrame([1, 0]))];
  reset[5 + 1] = windows[5 + 1] = 0x20;
  assertThrows(() => decodeReset(reset), TeleError, "2^53");
  assertThrows(() => decodeWindows(windows, () => {}), TeleError, "2^53");
});

Deno.test("a drain is read as it was written, and one of another length is an error", () => {
  const payload = payloadOf(drainFrame(2 ** 31 - 1));
  assertEquals([payload.length, decodeDrain(payload)], [5, 2 ** 31 - 1]);
  assertOnlyWhole(payload, decodeDrain);
});

Deno.test("types say which frames are counted, and which of those that mean nothing yet", () => {
  const types = Array.from({ length: 256 }, (_, type) => type);
  const between = (first: number, end: number) => types.slice(first, end);
  assertEquals(types.filter(isCounted), [...between(0x20, 0x40), ...between(0x60, 0x80)]);
  assertEquals(types.filter(isSkipped), between(0x40, 0x80));
  const known = Object.entries(FrameType).filter(([, type]) => isCounted(type)).map(([name]) => name);
  assertEquals(known, ["open", "data", "end", "reset", "windows", "receipt", "lane", "want", "drain", "ticket"]);
});
