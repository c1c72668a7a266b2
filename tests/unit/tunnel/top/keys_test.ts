import { assertEquals } from "@std/assert";
import { KeyReader } from "../../../../lib/tunnel/top/keys.ts";

function keysOf(...pieces: string[]) {
  const keys = new KeyReader();
  return pieces.flatMap((piece) => keys.read(new TextEncoder().encode(piece)));
}

Deno.test("q and Ctrl-C end; arrows move, in both modes of a terminal, and so do j and k", () => {
  assertEquals(keysOf("q"), ["end"]);
  assertEquals(keysOf("Q"), ["end"]);
  assertEquals(keysOf("\x03"), ["end"]);
  assertEquals(keysOf("\x1b[A\x1b[B\x1bOA\x1bOBkj"), ["up", "down", "up", "down", "up", "down"]);
  assertEquals(keysOf("\x1b[5~\x1b[6~"), ["page-up", "page-down"]);
  assertEquals(keysOf("\x1b[H\x1bOH\x1b[1~\x1b[F\x1bOF\x1b[4~"), ["first", "first", "first", "last", "last", "last"]);
});

Deno.test("a key may come in pieces", () => {
  assertEquals(keysOf("\x1b", "[", "B", "q"), ["down", "end"]);
  assertEquals(keysOf("\x1b[5", "~"), ["page-up"]);
});

Deno.test("what means nothing is left out, and what follows it counts", () => {
  assertEquals(keysOf("xyz\n 7\x1b[3~\x1b[1;5Cq"), ["end"]);
  assertEquals(keysOf("\x1b", "q"), ["end"], "Escape alone is no key");
  assertEquals(keysOf("\x1b\x1b[A"), ["up"]);
  assertEquals(keysOf("\x1b[" + "9".repeat(1_000), "\x1b[A"), ["up"], "a sequence without an end is given up");
  assertEquals(keysOf("\xff\xfeé🚀j"), ["down"]);
});
