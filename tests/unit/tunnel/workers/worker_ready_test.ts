/** The line by which a worker tells that it listens. */
import { assertEquals } from "@std/assert";
import { formatReady, readReady } from "../../../../lib/tunnel/workers/worker_ready.ts";

const READY = { readyLine: "tele server ready: é", listens: [":40300", "[::]:40300"] };

/** A stream of these pieces, which stays open if it is told to. */
function streamOf(pieces: Uint8Array<ArrayBuffer>[], isOpen = false): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      if (!isOpen) controller.close();
    },
  });
}

Deno.test("the first line is read in whatever pieces it comes, while the stream goes on", async () => {
  const bytes = new TextEncoder().encode(`${formatReady(READY)}\nmore`);
  const pieces = Array.from(bytes, (byte) => new Uint8Array([byte]));
  assertEquals(await readReady(streamOf(pieces, true)), READY);
});

Deno.test("what ends without that line never listened", async () => {
  for (const text of ["", formatReady(READY), "tele 0.2.0\n", "null\n", '{"readyLine":1,"listens":[]}\n']) {
    assertEquals(await readReady(streamOf([new TextEncoder().encode(text)])), undefined, text);
  }
});

Deno.test("a pipe that fails is one that ended", async () => {
  const failing = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.error(new Error("broken")),
  });
  assertEquals(await readReady(failing), undefined);
});
