/** Headers of frames: what RFC 6455 allows, and each thing that it does not. */
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import {
  headerBytes,
  MOST_HEADER_BYTES,
  Opcode,
  readHeader,
  type WebSocketSide,
  writeHeader,
} from "../../../../lib/net/websocket/frame_header.ts";

const KEY = new Uint8Array([1, 2, 3, 4]);

Deno.test("what is written is read, in as few bytes as the length takes", () => {
  const lengths: [payload: number, header: number][] = [[0, 2], [125, 2], [126, 4], [65_535, 4], [65_536, 10], [
    2 ** 40,
    10,
  ]];
  for (const [payloadBytes, due] of lengths) {
    for (const key of [undefined, KEY]) {
      const into = new Uint8Array(MOST_HEADER_BYTES);
      const length = writeHeader(into, Opcode.binary, payloadBytes, key);
      assertEquals(length, due + (key?.length ?? 0));
      const header = into.subarray(0, length);
      for (let known = 2; known <= length; known++) assertEquals(headerBytes(header, known), length);
      const read = readHeader(header, key === undefined ? "server" : "client");
      assertEquals(read, { opcode: Opcode.binary, isFinal: true, payloadBytes, isMasked: key !== undefined });
      assertEquals(header.slice(length - (key?.length ?? 0)), key ?? new Uint8Array());
    }
  }
});

Deno.test("a header that has not begun is two bytes, as far as one can tell", () => {
  const start = new Uint8Array([0x82, 127]);
  assertEquals([0, 1, 2].map((known) => headerBytes(start, known)), [2, 2, 10]);
});

Deno.test("each rule that a header breaks is an error with its sentence", () => {
  const faults: [header: number[], from: WebSocketSide, sentence: string][] = [
    [[0xc2, 0], "server", "a bit that is reserved"],
    [[0xa2, 0], "server", "a bit that is reserved"],
    [[0x92, 0], "server", "a bit that is reserved"],
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((type): [number[], WebSocketSide, string] => [
      [0x80 | type, 0],
      "server",
      `unknown type ${type}`,
    ]),
    [[0x82, 0x81, 1, 2, 3, 4], "server", "is masked, which a server's never is"],
    [[0x82, 1], "client", "is not masked, which a client's always is"],
    [[0x82, 126, 0, 125], "server", "more bytes than it takes"],
    [[0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], "server", "more bytes than it takes"],
    [[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], "server", "larger than 2^53"],
    [[0x89, 126, 0, 126], "server", "longer than 125 bytes, or in pieces"],
    [[0x09, 0], "server", "longer than 125 bytes, or in pieces"],
    [[0x08, 0], "server", "longer than 125 bytes, or in pieces"],
  ];
  for (const [header, from, sentence] of faults) {
    const error = assertThrows(() => readHeader(new Uint8Array(header), from), TeleError, sentence, String(header));
    assertEquals(error.code, "protocol");
  }
});
