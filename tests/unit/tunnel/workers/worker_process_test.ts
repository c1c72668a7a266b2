/** How a process ended, in words. */
import { assertEquals } from "@std/assert";
import { wordsOf } from "../../../../lib/tunnel/workers/worker_process.ts";

Deno.test("an end is told by its exit code, or by the signal that killed the process", () => {
  assertEquals(wordsOf({ code: 1, signal: null }), "ended with exit code 1");
  assertEquals(wordsOf({ code: 137, signal: "SIGKILL" }), "was killed by SIGKILL");
});
