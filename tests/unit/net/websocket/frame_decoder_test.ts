/** Taking frames apart: any frames in any pieces, and each rule of RFC 6455. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { TeleError } from "../../../../lib/net/error.ts";
import { FrameDecoder } from "../../../../lib/net/websocket/frame_decoder.ts";
import { FrameEncoder } from "../../../../lib/net/websocket/frame_encoder.ts";
import { Opcode } from "../../../../lib/net/websocket/frame_header.ts";
import { generated } from "../../../support/random.ts";

/** A server's frame: `first` is its first byte. */
function frame(first: number, payload: Uint8Array | string = ""): Uint8Array {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  return concat([new Uint8Array([first, bytes.length]), bytes]);
}

const END = frame(0x82);

/** What `decoder` makes of `wire`, in pieces of `size` bytes. */
function decoded(decoder: FrameDecoder, wire: Uint8Array, size: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < wire.length; at += size) {
    const piece = wire.slice(at, at + size);
    parts.push(piece.slice(0, decoder.decode(piece)));
  }
  return concat(parts);
}

for (const side of ["client", "server"] as const) {
  Deno.test(`a ${side}'s messages are whole in pieces of any size, pings and pongs among them`, () => {
    const encoder = new FrameEncoder(side);
    const payloads = [1, 200, 3, 65_536, 126, 5].map((bytes) => generated(bytes, bytes));
    const wire = concat(payloads.flatMap((payload) => [
      encoder.encode(Opcode.binary, payload).slice(),
      encoder.encode(Opcode.ping, payload.subarray(0, 125)).slice(),
      encoder.encode(Opcode.pong, payload.subarray(0, 4)).slice(),
    ]));
    for (const size of [1, 2, 3, 7, 13, 1_000, 65_537, wire.length]) {
      const decoder = new FrameDecoder(side);
      assertEquals(decoded(decoder, wire, size), concat(payloads), `pieces of ${size}`);
      assertEquals(decoder.takePing(), payloads.at(-1));
      assertEquals(decoder.takePing(), undefined);
      assertEquals([decoder.hasEnded, decoder.close], [false, undefined]);
    }
  });
}

Deno.test("a message in pieces is one, with a ping between them, and empty pieces are no end", () => {
  const wire = concat([frame(0x02), frame(0x00, "ab"), frame(0x89, "!"), frame(0x00), frame(0x80, "c")]);
  for (let size = 1; size <= wire.length; size++) {
    const decoder = new FrameDecoder("server");
    assertEquals(new TextDecoder().decode(decoded(decoder, wire, size)), "abc");
    assertEquals([decoder.hasEnded, decoder.takePing()], [false, new TextEncoder().encode("!")]);
  }
});

Deno.test("an empty message is the end, in one piece or in several", () => {
  for (const wire of [END, concat([frame(0x02), frame(0x80)])]) {
    const decoder = new FrameDecoder("server");
    assertEquals(decoded(decoder, concat([frame(0x82, "last"), wire]), 1).length, 4);
    assert(decoder.hasEnded);
  }
});

Deno.test("a close tells its code and reason, and what comes behind it is not looked at", () => {
  const closes: [payload: Uint8Array, code: number | undefined, reason: string][] = [
    [new Uint8Array(), undefined, ""],
    [new Uint8Array([0x03, 0xe9]), 1001, ""],
    [concat([new Uint8Array([0x03, 0xf4]), new TextEncoder().encode("bye")]), 1012, "bye"],
  ];
  for (const [payload, code, reason] of closes) {
    for (const size of [1, 100]) {
      const decoder = new FrameDecoder("server");
      const wire = concat([frame(0x82, "x"), frame(0x88, payload), frame(0xff, "nonsense")]);
      assertEquals(decoded(decoder, wire, size).length, 1);
      assertEquals([decoder.close, decoder.hasEnded], [{ code, reason }, false]);
    }
  }
});

Deno.test("of several pings the newest is kept", () => {
  const decoder = new FrameDecoder("server");
  decoder.decode(concat([frame(0x89, "a"), frame(0x89, "b")]));
  assertEquals(decoder.takePing(), new TextEncoder().encode("b"));
});

Deno.test("each rule that messages break is an error with its sentence", () => {
  const faults: [frames: Uint8Array[], sentence: string][] = [
    [[frame(0x81, "hello")], "a text came by WebSocket"],
    [[frame(0x80, "x")], "not where it belongs"],
    [[frame(0x02, "x"), frame(0x82, "y")], "not where it belongs"],
    [[END, frame(0x82, "x")], "behind the end"],
    [[END, END], "behind the end"],
    [[frame(0x88, new Uint8Array([3]))], "half a code"],
    [[frame(0x88, new Uint8Array([3, 0xe8, 0xff]))], "a reason that is no text"],
    [[frame(0xc2, "x")], "a bit that is reserved"],
  ];
  for (const [frames, sentence] of faults) {
    for (const size of [1, 100]) {
      const decoder = new FrameDecoder("server");
      const error = assertThrows(() => decoded(decoder, concat(frames), size), TeleError, sentence);
      assertEquals(error.code, "protocol");
    }
  }
});
