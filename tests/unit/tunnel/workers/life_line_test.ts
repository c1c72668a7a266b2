/** The pipe that tells a worker that its parent has ended. */
import { assertEquals } from "@std/assert";
import { parentEnded } from "../../../../lib/tunnel/workers/life_line.ts";

Deno.test("what comes through the pipe is let go, and its end or its failure is the parent's end", async () => {
  for (const last of [() => Promise.resolve(null), () => Promise.reject(new Error("bad descriptor"))]) {
    const answers = [() => Promise.resolve(5), () => Promise.resolve(64), last];
    let reads = 0;
    await parentEnded({ read: () => answers[reads++]!() });
    assertEquals(reads, 3);
  }
});
